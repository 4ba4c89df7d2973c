"""Commands about tokens, one module each."""
