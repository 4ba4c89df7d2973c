"""People who sign in at an identity provider, which is Keycloak, and what the provider says of them."""
