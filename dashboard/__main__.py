"""Starts the dashboard."""

import os

from dashboard.serving import run
from dashboard.settings import Settings, checked
from paaskit.server import main
from paaskit.settings import load_settings


def start() -> int:
    """Serve until told to stop; return the exit code."""
    return run(checked(load_settings(Settings, os.environ)))


if __name__ == "__main__":
    main("dashboard", start)
