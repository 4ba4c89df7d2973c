"""Releases on Kubernetes beside the two calls that each of them comes down to."""
