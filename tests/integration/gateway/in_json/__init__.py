"""Calls in JSON, through a real Envoy to fakes of the services."""
