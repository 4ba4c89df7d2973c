"""Migrating the services' databases, for whoever deploys them: `python -m services.migrations`."""
