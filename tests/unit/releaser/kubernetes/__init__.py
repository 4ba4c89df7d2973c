"""The pure parts of the Kubernetes runtime."""
