"""Commands about releases, one module each."""
