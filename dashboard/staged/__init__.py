"""What is staged of an app: its draft, as a list to look through before it is released."""
