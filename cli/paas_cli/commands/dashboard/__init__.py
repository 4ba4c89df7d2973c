"""The dashboard, from the command line."""
