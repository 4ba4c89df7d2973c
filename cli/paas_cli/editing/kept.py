# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH111, PTH118
"""Where an edited text is kept that could not be saved, so that no work is lost."""

import os
import time
from collections.abc import Mapping

from paas_cli.files import private_file


def keep(text: str, *, name: str, environ: Mapping[str, str], now: float) -> str:
    """Write it into a file of mode 0600 of its own; the path. Raises Failure where the folder can't be written."""
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    path = os.path.join(state, "paas", "edits", f"{name}-{moment}.env")
    private_file.write(path, text.encode("utf-8"))
    return path
