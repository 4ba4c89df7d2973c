"""The local runtime with real processes, and nothing else."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from machine.procfs import parent_of, pids
from paaskit.clock import utc_now
from paaskit.errors import Unavailable
from paaskit.redact import Plaintext
from services.releaser.domain import Adopted, AppKey, Spec
from services.releaser.runtimes.local.confinement.launch import Confinement
from services.releaser.runtimes.local.folder import RuntimeFolder
from services.releaser.runtimes.local.runtime import LocalRuntime
from services.releaser.runtimes.local.stop import stop_all
from services.releaser.runtimes.local.surroundings import Limits
from services.releaser.runtimes.protocol import DesiredRelease, Instance, Progress
from tests.fakes import program
from tests.fixtures.waiting import PATIENCE

PROGRAM = (sys.executable, "-S", "-E", program.__file__)
KEY = AppKey(tenant="acme", app_id="a1")
# Only a program that never answers, or never ends, takes that long, and no test waits for one with these limits.
CONFINEMENT = Confinement(
    groups=None,
    folder=Path(__file__).parents[3],
    shown=(Path(sys.prefix), Path(sys.base_prefix)),
    core_bytes=4096,
)
LIMITS = Limits(ready_timeout=PATIENCE, grace=PATIENCE)


def desired_of(
    release: int,
    /,
    *,
    instances: int = 1,
    command: tuple[str, ...] = PROGRAM,
    health_path: str = "/",
    image: str = "",
    ready_timeout: int | None = None,
    all_at_once: bool = False,
    adopted: Adopted | None = None,
    app: str = "web",
    key: AppKey = KEY,
    **variables: str,
) -> DesiredRelease:
    """A release of the test program."""
    return DesiredRelease(
        key=key,
        app=app,
        release=release,
        spec=Spec(
            command=command,
            image=image,
            instances=instances,
            health_path=health_path,
            ready_timeout=ready_timeout,
            all_at_once=all_at_once,
            adopted=adopted,
        ),
        variables={name: Plaintext(value) for name, value in variables.items()},
    )


class Machine:
    """A runtime folder, and releasers' runtimes that use it one after the other."""

    def __init__(self, root: Path, *, limits: Limits = LIMITS, confinement: Confinement = CONFINEMENT) -> None:
        self.root = root
        # Tests put files that programs wait for beside it.
        self._confinement = replace(confinement, shown=(*confinement.shown, root.parent))
        self.releases: dict[int, DesiredRelease] = {}
        self.asked = 0
        self.reported: list[tuple[int, int, int]] = []
        """What was reported of the last rollout: how many are updated, ready, old."""
        self._limits = limits
        self.folder, self.runtime = self.beside()
        assert self.take("first") is not None, "nobody else has it"

    def take(self, holder: str) -> str | None:
        """Take the folder over, as releaser does; return who had it before, or None where somebody has it."""
        predecessor = self.folder.take(holder)
        if predecessor is not None:
            self.runtime.adopt()
        return predecessor

    async def restart(self, holder: str = "second") -> str:
        """Let go of the folder and have a new runtime take it over; return who had it before."""
        await self.runtime.close()
        self.folder, self.runtime = self.beside()
        predecessor = self.take(holder)
        assert predecessor is not None, "nobody else has it"
        return predecessor

    def beside(self) -> tuple[RuntimeFolder, LocalRuntime]:
        """The folder as another releaser has it, and that one's runtime."""
        folder = RuntimeFolder(self.root)
        return folder, LocalRuntime(
            folder, limits=self._limits, confinement=self._confinement, source=self._source, clock=utc_now
        )

    async def apply(self, desired: DesiredRelease) -> list[int]:
        """Apply; return how many instances were ready with the release, each time one more was."""
        self.releases[desired.release] = desired
        self.reported = []

        async def report(progress: Progress) -> None:
            self.reported.append((progress.updated, progress.ready, progress.old))

        async def hold() -> None:
            return

        await self.runtime.apply(desired, report, hold)
        return sorted({ready for _, ready, _ in self.reported if ready})

    async def instances(self) -> list[Instance]:
        """What is listed."""
        return list(await self.runtime.instances(KEY))

    async def until(self, condition: Callable[[list[Instance]], bool]) -> list[Instance]:
        """Wait until the list is like that."""
        async with asyncio.timeout(PATIENCE):
            while not condition(listed := await self.instances()):
                await asyncio.sleep(0.01)
        return listed

    async def _source(self, key: AppKey, release: int) -> DesiredRelease:
        self.asked += 1
        if release not in self.releases:
            raise Unavailable("Not now.")
        return self.releases[release]


def below(pid: int) -> list[int]:
    """The children of a process."""
    return [child for child in pids() if parent_of(child) == pid]


def environment_of(instance: Instance) -> dict[str, str]:
    """The environment an instance runs with."""
    with urlopen(f"http://127.0.0.1:{instance.port}/", timeout=PATIENCE) as answer:
        found: dict[str, str] = json.loads(answer.read())
    return found


def gone(instance: Instance) -> bool:
    """Whether nothing listens on an instance's port any more."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", instance.port)) != 0


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A runtime folder of which nothing runs any more afterwards."""
    folder = tmp_path / "run time"
    tmp_path.chmod(0o711)
    yield folder
    stop_all(folder, grace_seconds=0.3)


@pytest.fixture
async def hasty(root: Path) -> AsyncIterator[Machine]:
    """A machine on which a program gets little time to end."""
    machine = Machine(root, limits=Limits(ready_timeout=PATIENCE, grace=0.2))
    yield machine
    await machine.runtime.close()


@pytest.fixture
async def machine(root: Path) -> AsyncIterator[Machine]:
    """A machine on which nothing runs yet."""
    machine = Machine(root)
    yield machine
    await machine.runtime.close()
