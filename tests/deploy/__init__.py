"""What a cluster gets: manifests, images and skaffold.yaml, looked at without a cluster."""
