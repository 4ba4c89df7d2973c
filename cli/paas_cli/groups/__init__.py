"""Shared groups as an app has them: what comes from which, who is reached by a change, and how lists say so."""
