"""The rules of shared groups in releases, which are pure."""
