"""What git runs when somebody pushes: ref updates in, deploys out. Started by the stubs in a repository's hooks.

pre-receive refuses early, proc-receive is the gate, post-receive deploys what came through it undeployed.
"""
