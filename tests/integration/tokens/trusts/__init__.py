"""Trusts on a whole server: real sockets, a real database, an issuer over https."""
