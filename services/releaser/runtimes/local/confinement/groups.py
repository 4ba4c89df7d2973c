"""Control groups of instances (cgroup v2), where this process may make them: all in one is killed at a stroke.

See Documentation/admin-guide/cgroup-v2.rst of the kernel: `cgroup.kill` (5.14), and what delegation allows. Standard
library only, because `stop` uses it.
"""

import re
import secrets
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = "paas-"
_ENTER: Final = "import sys; open(sys.argv[1], 'w').write('0')"
_POLL_SECONDS: Final = 0.01


def find_base() -> Path | None:
    """Return the group of this process if it may make groups below it and put programs there; it tries to."""
    base = _own_group()
    if base is None:
        return None
    try:
        trial = make_group(base)
    except OSError:
        return None
    try:
        command = [sys.executable, "-I", "-S", "-c", _ENTER, str(trial / "cgroup.procs")]
        entered = subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
        return base if entered and (trial / "cgroup.kill").exists() else None
    finally:
        end_group(trial, patience=1.0)


def make_group(base: Path) -> Path:
    """Make an empty group below `base`. Raises OSError."""
    group = base / f"{_PREFIX}{secrets.token_hex(8)}"
    group.mkdir()
    return group


def end_group(group: Path, *, patience: float) -> bool:
    """Kill all in a group and remove it; return whether it is gone after `patience` seconds at the latest."""
    if not group.name.startswith(_PREFIX):
        return True  # none of ours, whatever a record says
    deadline = time.monotonic() + patience
    while group.is_dir():
        with suppress(OSError):
            (group / "cgroup.kill").write_text("1")
        with suppress(OSError):
            group.rmdir()
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _own_group() -> Path | None:
    """Return the folder of this process's group in the unified hierarchy, or None where that is not mounted."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
        own = [line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
    except OSError:
        return None
    points = [_unescaped(fields[1]) for fields in mounts if fields[2] == "cgroup2"]
    if not points or not own or ".." in own[0].split("/"):
        return None
    return Path(points[0] + own[0])


def _unescaped(path: str) -> str:
    """Return a path of /proc/self/mounts, where white space and backslashes are octal escapes (proc(5))."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), path)
