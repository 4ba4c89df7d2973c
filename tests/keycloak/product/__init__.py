"""The whole product on this machine, whose people sign in at a real Keycloak."""
