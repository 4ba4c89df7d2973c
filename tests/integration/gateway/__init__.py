"""The gateway's configuration in a real Envoy, with small fakes behind it."""
