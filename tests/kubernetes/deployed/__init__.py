"""What a real API server makes of deploy/: its manifests, who may do what, what is refused. No pod is run here."""
