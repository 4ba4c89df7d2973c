"""`paas` as a process of its own, since it becomes the program that it runs."""

import os
import subprocess
import sys

from tests.fixtures.waiting import PATIENCE

# Prints the environment of its process as `NAME=value` lines, each value as Python writes it, and imports little.
SHOW_ENVIRONMENT = "import os\nfor name, value in sorted(os.environ.items()): print(name, repr(value), sep='=')"


def paas(*arguments: str, stdin: str = "", environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `paas` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "paas_cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, **(environ or {})},
    )


def given(*options: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    """The environment that a program gets, with these options of `paas run`; values as Python writes them."""
    ended = paas("run", *options, "--", sys.executable, "-I", "-c", SHOW_ENVIRONMENT, environ=environ)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return dict(line.split("=", 1) for line in ended.stdout.splitlines())


def start(*arguments: str, environ: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start `paas` without a terminal, as CI does, and return at once."""
    return subprocess.Popen(
        [sys.executable, "-m", "paas_cli", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **(environ or {})},
    )
