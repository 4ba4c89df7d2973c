"""The web pages: a client of the gateway like the command line, without a privilege of its own."""
