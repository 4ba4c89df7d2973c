"""config, secrets and releaser together, on real databases and channels, with a runtime that does what a test says."""
