"""What people see and are asked: the only way to the three standard streams."""
