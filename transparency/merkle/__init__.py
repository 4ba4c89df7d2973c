"""The Merkle tree of RFC 6962 (RFC 9162, section 2.1) with SHA-256: its hashes, its root as it grows, its proofs."""
