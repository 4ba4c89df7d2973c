"""`python -m services.releaser`: serves until SIGTERM."""

import os

from paaskit.server import main, run
from paaskit.settings import load_settings
from services.releaser.server import assemble
from services.releaser.settings import Settings


def start() -> int:
    """Serve with the settings of the environment; return the exit code."""
    settings = load_settings(Settings, os.environ)
    return run("releaser", settings, lambda: assemble(settings))


if __name__ == "__main__":
    main("releaser", start)
