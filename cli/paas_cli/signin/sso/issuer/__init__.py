"""Asking an issuer, and the gateway that names it: what they say, read and not believed further than it has to be."""
