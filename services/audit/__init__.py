"""audit: the append-only log of who did what. It holds nothing but the log."""
