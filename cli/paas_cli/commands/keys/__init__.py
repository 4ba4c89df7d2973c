"""Commands about the keys that secrets are sealed with, one module each."""
