"""What people write, where it would be code somewhere: it is text wherever it is shown, and nothing else."""
