"""The dashboard's sessions on a real PostgreSQL, with a clock and an identity provider of the test's own."""
