"""Starts `audit`."""

import os

from paaskit.server import main, run
from paaskit.settings import load_settings
from services.audit.server import assemble
from services.audit.settings import Settings


def start() -> int:
    """Serve until told to stop; return the exit code."""
    settings = load_settings(Settings, os.environ)
    return run("audit", settings, lambda: assemble(settings))


if __name__ == "__main__":
    main("audit", start)
