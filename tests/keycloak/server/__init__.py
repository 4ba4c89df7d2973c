"""A real Keycloak on this machine, with the realm of deploy/keycloak and people to sign in.

`keycloak.py` is what fixtures use; `python -m tests.keycloak` starts and ends one by hand.
"""
