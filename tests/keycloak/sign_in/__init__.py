"""Signing a person in at Keycloak's own pages without a browser, and what a program does with the tokens."""
