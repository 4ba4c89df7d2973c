"""`paas mcp`, spoken with as a coding agent does."""
