"""The `paas` command line: a client of the gateway like any other. It imports nothing of the services."""

__version__ = "0.1.0"
