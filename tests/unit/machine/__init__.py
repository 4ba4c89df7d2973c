"""What is asked of the operating system about processes, with real ones."""
