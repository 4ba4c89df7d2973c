"""The rules of secrets: keys, sealing, reading."""
