"""What all services share, module by module."""
