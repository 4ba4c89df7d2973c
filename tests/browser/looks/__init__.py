"""Each page as it stands: what it looks like, what can be done on it with a keyboard, and how it bears much."""
