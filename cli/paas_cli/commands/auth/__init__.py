"""`paas auth...`: the sign-ins there are, one module a command."""
