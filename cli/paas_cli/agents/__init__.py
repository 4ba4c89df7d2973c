"""`paas mcp`: what a coding agent may ask for, over the Model Context Protocol.

Names, states and what happened; no value of a variable goes out, and a secret's comes in by reference alone. Imported
by `paas mcp` and by nothing else: the library and what it needs take a second to import.
"""
