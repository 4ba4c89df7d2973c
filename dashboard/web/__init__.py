"""What every page stands on: who visits, what is answered, and what a browser is told to allow."""
