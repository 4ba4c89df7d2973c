"""Events whose time is over: dropped a month at a time by whoever owns the database, told in the log, hashes kept."""
