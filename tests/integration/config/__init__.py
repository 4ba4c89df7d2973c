"""config as a whole server on a real database; everybody around it is a fake on a real channel."""
