"""Tiny programs in place of the stack's parts, and a supervisor to run them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from local import control
from local.parts import Part
from tests.fixtures.waiting import PATIENCE

T = TypeVar("T")
SLEEPER = "import time; time.sleep(600)"
# Starts a program in a session of its own, as the releaser starts apps, and tells its pid.
STARTER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


@dataclass
class Supervised:
    """A running supervisor and the connection of its starter."""

    folder: Path
    process: subprocess.Popen[bytes]
    starter: control.Attendance = field(repr=False)

    def run(self, name: str, program: str, *, grace: float = 5.0, tier: int = 1) -> None:
        part = Part(
            name=name,
            command=(sys.executable, "-c", program),
            environment={},
            log=self.folder / f"{name}.log",
            grace=grace,
            tier=tier,
        )
        assert self.starter.request({"do": "run", "part": part.to_json()}) == {}

    def ask(self, do: str, **more: Any) -> dict[str, Any] | None:
        return control.ask(self.folder, {"do": do, **more}, timeout=PATIENCE)

    def part(self, name: str) -> dict[str, Any]:
        answer = self.ask("status")
        assert answer is not None
        return next(part for part in answer["parts"] if part["name"] == name)

    def pid(self, name: str) -> int:
        return int(self.part(name)["pid"])

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@contextmanager
def supervised(folder: Path) -> Iterator[Supervised]:
    """A supervisor for `folder`, ended afterwards whatever happened."""
    with (folder / "supervisor.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "local.supervisor", str(folder)], stdout=log, stderr=log)
    # Asked again, because the socket is there a moment before anybody listens.
    client = until(lambda: control.connect(folder))
    assert client is not None
    starter = control.Attendance(client)
    starter.request({"do": "attend"})
    try:
        yield Supervised(folder, process, starter)
    finally:
        starter.close()
        control.ask(folder, {"do": "down"})
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(condition: Callable[[], T], *, patience: float = PATIENCE) -> T:
    """Waits until `condition()` is true; that. Fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)
    return found
