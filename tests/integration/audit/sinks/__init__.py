"""The log sent elsewhere, to files and sockets of the tests' own."""
