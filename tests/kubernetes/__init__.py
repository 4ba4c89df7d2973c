"""What runs on a real Kubernetes cluster: `make test-kubernetes`."""
