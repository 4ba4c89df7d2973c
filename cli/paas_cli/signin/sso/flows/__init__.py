"""The two ways to sign in, each with what it needs on this machine. They give a grant, and keep nothing."""
