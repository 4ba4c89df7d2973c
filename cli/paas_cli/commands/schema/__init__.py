"""Commands about what an app asks of its variables, one module each."""
