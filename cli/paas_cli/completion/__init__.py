"""What can be typed next: commands and options from a table, names from the gateway, kept for a while.

Must not import click or a command: a shell waits for the answer at each press of Tab. Never offers a value.
"""
