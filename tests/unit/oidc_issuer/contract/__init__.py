"""What programs stand on of an identity provider: the same of the fake issuer and of a real Keycloak."""
