"""What this machine's operating system gives to whoever runs processes on it. Linux only, standard library only."""
