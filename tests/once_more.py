"""pytest, where what failed is run once more, by itself: for CI, in place of `python -m pytest`.

    python -m tests.once_more tests/unit -m "not thorough"

Some 28,000 tests of programs that are killed, pods and browsers, on a machine that others use as well: each run had one
that its own timing failed, and no change was the reason. What a change breaks fails again. Whatever passed only then is
told with its first failure, and is still a fault, of a test or of what it tests, for somebody to mend
(docs/decisions/0078-what-fails-is-run-once-more.md).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pytest

MOST: Final = 3
"""Tests that are run once more. More than a few that fail together have one reason, which is no chance."""
_WHERE: Final = "PAAS_FAILED_ONCE"


def run(arguments: list[str]) -> int:
    """Run the tests that the arguments say, as pytest would. Returns its exit code.

    Nothing is run once more but tests that failed: not where pytest itself was ended, or found none.
    """
    with tempfile.TemporaryDirectory(prefix="paas-once-more-") as cache:
        code = _pytest(arguments, cache)
        failed = _failed(Path(cache))
        if code != pytest.ExitCode.TESTS_FAILED or not 0 < len(failed) <= MOST:
            return code
        _say(f"Once more: {', '.join(failed)}\n")
        code = _pytest([*arguments, "--last-failed", "--last-failed-no-failures=none"], cache)
        if code == pytest.ExitCode.OK:
            _tell(failed)
        return code


def _pytest(arguments: list[str], cache: str) -> int:
    # A process of its own: what the first run left in this one's modules would be there for the second.
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, "-o", f"cache_dir={cache}"], check=False
    ).returncode


def _failed(cache: Path) -> list[str]:
    file = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(file.read_text())) if file.exists() else []


def _tell(failed: list[str]) -> None:
    """Say it here, and in the file that the environment names, where all parts of a run are told of together."""
    lines = "".join(f"Failed once, and passed when run once more: {name}\n" for name in failed)
    _say(lines)
    if where := os.environ.get(_WHERE):
        Path(where).parent.mkdir(parents=True, exist_ok=True)
        with Path(where).open("a") as file:
            file.write(lines)


def _say(text: str) -> None:
    # At once: what pytest says is in the same stream.
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
