"""Keys: the KMS and its providers, tenants' keys, the sealed format."""
