"""What each method leaves in the audit log: the reviewed table, and how every row of it is brought about."""
