"""Who may call what, over real mTLS connections to whole servers, compared with a table that people review."""
