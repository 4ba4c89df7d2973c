"""What becomes of a release whose releaser is killed in the middle of it."""
