"""What thirty tasks take on the command line: ours are typed on a terminal, those of others are read in their pages."""
