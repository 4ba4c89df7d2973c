"""One secret: what a form asks of it, and who read and changed it."""
