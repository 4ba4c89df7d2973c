"""The local runtime with real processes, and nothing else."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
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

PROGRAM = (sys.executable, "-S", "-E", program.__file__)
KEY = AppKey(tenant="acme", app_id="a1")
LIMITS = Limits(ready_timeout=2.0, grace=0.4)


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

    async def until(self, condition: Callable[[list[Instance]], bool], *, seconds: float = 5) -> list[Instance]:
        """Wait until the list is like that."""
        async with asyncio.timeout(seconds):
            while not condition(await self.instances()):
                await asyncio.sleep(0.01)
        return await self.instances()

    async def _source(self, key: AppKey, release: int) -> Deployment:
        self.asked += 1
        if release not in self.deployments:
            raise Unavailable("Not now.")
        return self.deployments[release]


def environment_of(instance: Instance) -> dict[str, str]:
    """The environment an instance runs with."""
    with urlopen(f"http://127.0.0.1:{instance.port}/", timeout=5) as answer:
        found: dict[str, str] = json.loads(answer.read())
    return found


def gone(instance: Instance) -> bool:
    """Whether nothing listens on an instance's port any more."""
    with suppress(OSError):
        environment_of(instance)
        return False
    return True


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A runtime folder of which nothing runs any more afterwards."""
    folder = tmp_path / "run time"
    yield folder
    stop_all(folder, grace_seconds=0.3)


@pytest.fixture
async def machine(root: Path) -> AsyncIterator[Machine]:
    """A machine on which nothing runs yet."""
    machine = Machine(root)
    yield machine
    await machine.runtime.close()
