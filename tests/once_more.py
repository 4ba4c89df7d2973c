"""pytest, where what failed is run once more, by itself: for CI, in place of `python -m pytest`.

    python -m tests.once_more tests/unit -m "not thorough"

Some 27,000 tests of programs that are killed, pods and browsers run on a machine that others use as well: in nearly
every run one was failed by its own timing, and no change was the reason. What a change breaks fails again. What passes
then is told with its first failure, and is a fault all the same, of the test or of what it tests, for somebody to mend
(docs/decisions/0078-what-fails-is-run-once-more.md).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

MOST: Final = 3
"""Files with tests that are run once more: a file's tests share what they start, so chance may fail several of one."""
_WHERE: Final = "PAAS_FAILED_ONCE"


def run(arguments: list[str]) -> int:
    """Run the tests that the arguments say, as pytest would. Returns its exit code.

    Nothing is run once more but tests that failed: not where pytest itself was ended, or found none. What failed and is
    then skipped has not passed.
    """
    with tempfile.TemporaryDirectory(prefix="paas-once-more-") as cache:
        code = _pytest(arguments, cache)
        failed = _failed(Path(cache))
        files = {each.partition("::")[0] for each in failed}
        if code != pytest.ExitCode.TESTS_FAILED or not 0 < len(files) <= MOST:
            return code
        _say(f"Once more: {', '.join(failed)}\n")
        report = Path(cache) / "report.xml"
        again = ["--last-failed", "--last-failed-no-failures=none", f"--junit-xml={report}"]
        code = _pytest([*arguments, *again], cache)
        if code != pytest.ExitCode.OK:
            return code
        if _some_skipped(report):
            _say("What failed was skipped when run once more.\n")
            return pytest.ExitCode.TESTS_FAILED
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


def _some_skipped(report: Path) -> bool:
    suites = ET.parse(report).getroot()  # noqa: S314  # pytest's own, a moment ago
    return any(int(suite.attrib["skipped"]) for suite in suites)


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
