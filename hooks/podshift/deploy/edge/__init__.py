"""The HTTPS edge: Caddy in a container before the proxy. Its configuration is static: no deploy reloads it.

Caddy ends TLS and gets certificates. It reaches the proxy by two sockets in a folder that these two share: one takes
requests, the other says whether a name may have a certificate. So nobody else can pose as the edge, and no request
waits for a name look-up between containers.
"""
