"""Opening an address in the browser of whoever sits at this machine."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress


def is_at_hand(environ: Mapping[str, str]) -> bool:
    """Whether a browser would open where the person is: not over ssh, and only where there is a display."""
    if any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
        return False
    return sys.platform == "darwin" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def open_at(url: str, environ: Mapping[str, str]) -> bool:
    """Open an https address, and return whether there was something to open it with. Writes nothing to the terminal."""
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open", path=environ.get("PATH"))
    if program is None or not url.startswith("https://"):
        return False
    with suppress(OSError):
        subprocess.Popen(
            [program, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # it outlives a Ctrl-C here
        )
        return True
    return False
