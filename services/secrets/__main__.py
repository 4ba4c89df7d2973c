"""Start secrets: `python -m services.secrets`, settings from the environment."""

import os

from paaskit.server import main, run
from paaskit.settings import load_settings
from services.secrets.server import assemble
from services.secrets.settings import Settings


def start() -> int:
    """Serve until told to stop; return the exit code."""
    settings = load_settings(Settings, os.environ)
    return run("secrets", settings, lambda: assemble(settings))


if __name__ == "__main__":
    main("secrets", start)
