"""Text that is changed in the user's own editor."""
