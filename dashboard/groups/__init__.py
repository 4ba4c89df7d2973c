"""Shared groups: whom a change of one reaches, and what an app gets or loses with it."""
