"""What a call that failed becomes in words, and going on after a connection broke. Calls are `paas_transport`'s."""
