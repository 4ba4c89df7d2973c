"""Commands that read, compare, copy and edit variables."""
