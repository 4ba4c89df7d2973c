"""Running the real `paas` as a person at a terminal would, showing each command before its output."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.failures import LocalFailure


@dataclass(frozen=True)
class Terminal:
    """Where commands are run and shown. `folder` has the `.paas.toml` that leads to the sign-in."""

    folder: Path

    def paas(self, *arguments: str, stdin: str | None = None, shown: str | None = None) -> None:
        """Shows and runs `paas ARGUMENTS`. Raises LocalFailure where it fails.

        `stdin` is what it reads and is not shown; `shown` replaces the command line shown.
        """
        print(bold(f"$ {shown or 'paas ' + ' '.join(arguments)}"), flush=True)
        done = subprocess.run(
            self._command(arguments),
            cwd=self.folder,
            env=self._environment(),
            # Never the terminal: a command must not take what is typed at the demo.
            input=(stdin or "").encode(),
            check=False,
        )
        if done.returncode != 0:
            raise LocalFailure(f"The demo stopped: `paas {arguments[0]}` ended with exit code {done.returncode}.")

    def ask(self, *arguments: str) -> Any | None:
        """The JSON document that `paas ARGUMENTS --json` prints, or None where the command fails. Not shown."""
        done = subprocess.run(
            self._command([*arguments, "--json"]),
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return json.loads(done.stdout) if done.returncode == 0 else None

    @staticmethod
    def _command(arguments: tuple[str, ...] | list[str]) -> list[str]:
        return [str(Path(sys.executable).with_name("paas")), *arguments]

    @staticmethod
    def _environment() -> dict[str, str]:
        # A PAAS_TOKEN or PAAS_GATEWAY of the person's own is for another installation.
        return {name: value for name, value in os.environ.items() if not name.startswith("PAAS_")}


def bold(text: str) -> str:
    """`text`, bold on a terminal that has colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[1m{text}\x1b[0m"


def heading(text: str) -> None:
    """A line that says what comes next."""
    print(f"\n{bold('── ' + text + ' ' + '─' * max(0, 76 - len(text)))}", flush=True)
