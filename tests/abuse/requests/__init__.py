"""Malformed requests, 200,000 of them, to every method of every server."""
