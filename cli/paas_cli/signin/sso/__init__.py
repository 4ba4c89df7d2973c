"""Signing in with OpenID Connect at the issuer that a gateway names, and staying signed in.

What a command needs while its access token is good is `store` alone; the rest is loaded for signing in, renewing and
signing out. Must not read what a token says: the gateway does, and tells with `whoami`.
"""
