"""Who is signed in with which browser, kept on our side; the browser has a random cookie and nothing else."""
