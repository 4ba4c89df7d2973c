"""tokens: who is calling. It holds the key that signs identities and the digests of access tokens."""
