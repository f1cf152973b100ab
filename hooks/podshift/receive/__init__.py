"""What git runs when somebody pushes: ref updates in, deploys out. Started by the stubs in a repository's hooks.

pre-receive refuses early, proc-receive is the gate, post-receive deploys what came through it undeployed.
"""


def find_packages() -> None:
    """What the stubs' -S has put off: from here on, installed packages can be imported."""
    import site

    site.main()
