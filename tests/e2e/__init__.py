"""The whole stack: real PostgreSQL, real Envoy, five real processes, the real `paas` as a subprocess."""
