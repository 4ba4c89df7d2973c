"""Shared groups in releases: what an app is given of them, and a group's own release, which is one of each app."""
