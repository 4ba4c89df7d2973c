"""Opening a page in the person's browser, where there is one. Must not open one in the terminal itself."""

import shutil
import subprocess
import sys
from collections.abc import Mapping


def open_page(url: str, environ: Mapping[str, str]) -> bool:
    """Whether a browser was asked to show it: not where there is no screen, as over ssh or in a container."""
    if sys.platform == "darwin":
        program = "open"
    elif environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        program = "xdg-open"
    else:
        return False
    if shutil.which(program) is None:
        return False
    nothing = subprocess.DEVNULL
    done = subprocess.run([program, url], stdin=nothing, stdout=nothing, stderr=nothing, check=False)
    return done.returncode == 0
