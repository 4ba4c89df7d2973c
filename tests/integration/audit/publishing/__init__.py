"""The log as files, from events on a real database."""
