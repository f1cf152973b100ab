"""Without podshift's proxy: the network alias leads to an app, and any reverse proxy on its network finds it by DNS.

A container is started and checked on a network of its own, and joins the app's network, under the alias, when it is
ready: so the name never leads to one that is not. It leads to an old one until that has exited, which is what this
way can lose: see the README.
"""
