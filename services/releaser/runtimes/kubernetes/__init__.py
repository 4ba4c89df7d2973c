"""Apps as Deployments of a Kubernetes cluster, each release's variables in a Secret of its own."""
