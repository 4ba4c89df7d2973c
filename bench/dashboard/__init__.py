"""The dashboard: a page beside its calls, what a browser gets of it, how soon an event is on the audit page."""
