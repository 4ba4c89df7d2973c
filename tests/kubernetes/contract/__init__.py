"""The contract of runtimes, passed by the Kubernetes runtime."""
