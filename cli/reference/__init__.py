"""What is generated from the commands: the table that completion reads, and the man page. Nothing here is installed."""
