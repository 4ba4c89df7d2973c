"""Two tenants of one installation: one that misbehaves, and one whose calls are measured meanwhile."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.abuse.neighbours.probe import Seen, watch
from tests.e2e.installation import Paas
from tests.fixtures.waiting import PATIENCE

TIMES = 5
"""What our slowest calls may take while they misbehave, in times of what they take when nothing else goes on."""
# On a machine that others use a measurement may be theirs: one of so many has to be within, with every call answered.
ROUNDS = 3
MEASURED_SECONDS = 4.0
OURS = "ours"


@dataclass(frozen=True)
class Tenants:
    """One that misbehaves, with a token of each role, and one that doesn't, with `paas` and a token."""

    address: str
    theirs: dict[str, str]
    them: Paas
    us: Paas
    token: str

    def quiet(self) -> Seen:
        """What our calls take when nothing else goes on."""
        return asyncio.run(watch(self.address, self.token, OURS, seconds=MEASURED_SECONDS))

    @contextmanager
    def attacked(self, name: str) -> Iterator[None]:
        """Have them misbehave for the block."""
        command = [
            sys.executable,
            "-m",
            "tests.abuse.neighbours.attacks",
            name,
            self.address,
            str(MEASURED_SECONDS + 1),
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(self.theirs) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "going\n"
            yield
            ends, _ = process.communicate(timeout=PATIENCE)
        print(f"{name}: {ends.strip()}")
