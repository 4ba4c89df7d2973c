"""Malformed requests, 200,000 of them, to every method of every server; some of them in JSON (`in_json`)."""
