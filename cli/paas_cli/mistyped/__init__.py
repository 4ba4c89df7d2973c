"""What is said of a command line that can't be understood: what it may have been meant to be, and what to type."""
