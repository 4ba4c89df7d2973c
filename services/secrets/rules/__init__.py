"""What may happen to secrets: pure functions over what is stored. Nothing here waits, reads or writes."""
