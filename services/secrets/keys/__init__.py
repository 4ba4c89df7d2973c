"""Keys: the key service, tenants' keys, and the sealed format. The only folder of secrets that does cryptography."""
