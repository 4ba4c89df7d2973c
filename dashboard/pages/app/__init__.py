"""The page of an app: its variables, what is pending, and one value at a time."""
