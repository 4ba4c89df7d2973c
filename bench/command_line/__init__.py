"""How long the command line takes from cold."""
