"""The Python client: what is made of the contracts, and how it calls."""
