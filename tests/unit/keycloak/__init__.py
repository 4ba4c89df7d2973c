"""What the tests with a real Keycloak stand on, without one."""
