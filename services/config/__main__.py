"""Start config: `python -m services.config`, settings from the environment."""

import os

from paaskit.server import main, run
from paaskit.settings import load_settings
from services.config.server import assemble
from services.config.settings import Settings


def start() -> int:
    """Serve until told to stop; return the exit code."""
    settings = load_settings(Settings, os.environ)
    return run("config", settings, lambda: assemble(settings))


if __name__ == "__main__":
    main("config", start)
