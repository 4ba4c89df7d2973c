"""What it takes to verify a whole log: a million events in files, beside hashing them alone, and the memory for it."""
