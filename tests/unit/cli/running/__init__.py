"""Running programs with an app's variables."""
