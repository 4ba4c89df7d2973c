"""Signing in with OpenID Connect, against an issuer on a socket."""
