"""The tokens that CI systems give to their jobs: how each is had, and nothing of what it says."""
