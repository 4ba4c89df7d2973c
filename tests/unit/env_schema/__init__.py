"""What an app asks of its variables: the format, the types, and the check."""
