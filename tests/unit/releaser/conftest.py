"""The local runtime with real processes, and nothing else."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from paaskit.clock import utc_now
from paaskit.errors import Unavailable
from paaskit.redact import Plaintext
from services.releaser.domain import AppKey, Spec
from services.releaser.instances import Limits
from services.releaser.local import LocalRuntime
from services.releaser.local_stop import stop_all
from services.releaser.runtime import Deployment, Instance
from tests.fakes import program
from tests.fixtures.waiting import PATIENCE

PROGRAM = (sys.executable, "-S", "-E", program.__file__)
KEY = AppKey(tenant="acme", app_id="a1")
# Only a program that never answers, or never ends, takes that long, and no test waits for one with these limits.
LIMITS = Limits(ready_timeout=PATIENCE, grace=PATIENCE)


def deployment_of(
    release: int,
    /,
    *,
    instances: int = 1,
    command: tuple[str, ...] = PROGRAM,
    health_path: str = "/",
    image: str = "",
    app: str = "web",
    key: AppKey = KEY,
    **variables: str,
) -> Deployment:
    """A deployment of the test program."""
    return Deployment(
        key=key,
        app=app,
        release=release,
        spec=Spec(command=command, image=image, instances=instances, health_path=health_path),
        variables={name: Plaintext(value) for name, value in variables.items()},
    )


class Machine:
    """A runtime folder, and releasers' runtimes that use it one after the other."""

    def __init__(self, root: Path, *, limits: Limits = LIMITS) -> None:
        self.root = root
        self.deployments: dict[int, Deployment] = {}
        self.asked = 0
        self._limits = limits
        self.runtime = self._new()
        self.runtime.take_over("first")

    def _new(self) -> LocalRuntime:
        return LocalRuntime(self.root, limits=self._limits, source=self._source, clock=utc_now)

    async def restart(self, holder: str = "second") -> str:
        """Let go of the folder and have a new runtime take it over; return who had it before."""
        await self.runtime.close()
        self.runtime = self._new()
        return self.runtime.take_over(holder)

    async def apply(self, deployment: Deployment) -> list[int]:
        """Apply; return what was reported."""
        self.deployments[deployment.release] = deployment
        reported: list[int] = []

        async def report(ready: int) -> None:
            reported.append(ready)

        await self.runtime.apply(deployment, report)
        return reported

    async def instances(self) -> list[Instance]:
        """What is listed."""
        return list(await self.runtime.instances(KEY))

    async def until(self, condition: Callable[[list[Instance]], bool]) -> list[Instance]:
        """Wait until the list is like that."""
        async with asyncio.timeout(PATIENCE):
            while not condition(listed := await self.instances()):
                await asyncio.sleep(0.01)
        return listed

    async def _source(self, key: AppKey, release: int) -> Deployment:
        self.asked += 1
        if release not in self.deployments:
            raise Unavailable("Not now.")
        return self.deployments[release]


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
