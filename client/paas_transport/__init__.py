"""How a call reaches the gateway: shared by the command line and the Python client, so that neither has one of its own.

Made of what is quick to import. Must not word errors for people beyond what is wrong with an address, nor print.
"""
