"""Commands about secrets, one module each."""
