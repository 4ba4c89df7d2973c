"""What goes wrong on one machine, in sentences for the person at the terminal."""


class LocalFailure(Exception):
    """One sentence saying what failed and what to do next. It never holds a secret value."""
