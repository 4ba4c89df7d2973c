"""How CI runs a test again that failed once."""
