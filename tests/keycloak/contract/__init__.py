"""What programs stand on of an identity provider, of a real Keycloak."""
