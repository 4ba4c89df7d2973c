"""`python -m services.releaser`: serves until SIGTERM."""

import os
import resource

from paaskit.server import main, run
from paaskit.settings import load_settings
from services.releaser.server import assemble
from services.releaser.settings import Settings


def start() -> int:
    """Serve with the settings of the environment; return the exit code."""
    settings = load_settings(Settings, os.environ)
    # Read before it is lowered: releaser leaves no core file, but an app may as it might without a platform.
    core_bytes, _ = resource.getrlimit(resource.RLIMIT_CORE)
    return run("releaser", settings, lambda: assemble(settings, core_bytes=core_bytes))


if __name__ == "__main__":
    main("releaser", start)
