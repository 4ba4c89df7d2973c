"""The rules of config."""
