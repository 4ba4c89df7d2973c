"""Releases that a person asks for: releasing the draft, restarting, going back. They span config and secrets."""
