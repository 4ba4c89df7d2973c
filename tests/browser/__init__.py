"""The dashboard in a real browser: what scripts do, what is left of a value, and what it looks like."""
