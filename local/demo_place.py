"""Where the demo's app runs: as processes of this machine or, from tests/kubernetes/demo.py, as pods of a cluster."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from local import demo_app
from local.failures import LocalFailure
from local.layout import CLONE
from local.paas_cli_run import Terminal

Hint = tuple[str, str]
"""What somebody may want to do afterwards, and the command for it."""


class Place(Protocol):
    """What runs the demo's app, and how one looks into it."""

    @property
    def program(self) -> str:
        """What runs, in words."""
        ...

    @property
    def options(self) -> Sequence[str]:
        """What has `paas apps:create` run it."""
        ...

    @property
    def looked_at(self) -> str:
        """How it is looked into, in words."""
        ...

    @property
    def hints(self) -> Sequence[Hint]:
        """What to do afterwards."""
        ...

    def inside(self, terminal: Terminal, app: str) -> Mapping[str, Mapping[str, str]]:
        """What each running instance has in its environment, credentials by their length. Raises LocalFailure."""
        ...


class OnThisMachine:
    """The local runtime."""

    program: Final = "a program that prints its environment"
    options: Final = ("--health-path", demo_app.HEALTH_PATH, "--", sys.executable, str(CLONE / "local" / "demo_app.py"))
    looked_at: Final = "it says so itself, over HTTP"
    hints: Final = (
        ("use it", ".venv/bin/paas config -a demo"),
        ("in a browser", ".venv/bin/paas open -a demo"),
        ("all commands", ".venv/bin/paas --help"),
        ("its parts", "make status"),
        ("their logs", "make logs    (files in .paas/logs)"),
        ("stop it", "make stop"),
    )

    def inside(self, terminal: Terminal, app: str) -> Mapping[str, Mapping[str, str]]:
        """What the programs answer."""
        found = {}
        for instance in (terminal.ask("apps:info", app) or {}).get("instances") or []:
            answer = _fetch(instance["port"])
            name = f"instance {instance['index']}, pid {answer['pid']}, release v{instance['release']}"
            found[name] = answer["environment"]
        return found


def _fetch(port: int) -> Any:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise LocalFailure(f"The demo stopped: the program on port {port} does not answer.") from error
