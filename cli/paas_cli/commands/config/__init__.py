"""Commands about config, one module each."""
