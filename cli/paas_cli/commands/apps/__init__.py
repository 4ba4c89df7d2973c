"""Commands about apps, one module each."""
