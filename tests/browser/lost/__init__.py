"""What happens to a page that is open when the sign-in ends, or the connection does."""
