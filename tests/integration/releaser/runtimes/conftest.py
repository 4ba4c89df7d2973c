"""The runtimes that the contract is for, each on its ground. A new one is one entry of GROUNDS more."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from services.releaser.runtimes.local.stop import stop_all
from tests.integration.releaser.runtimes.fake import FakeGround
from tests.integration.releaser.runtimes.fates import Fates, serving
from tests.integration.releaser.runtimes.ground import Ground
from tests.integration.releaser.runtimes.local import LocalGround


@asynccontextmanager
async def fake(_: Path) -> AsyncIterator[Ground]:
    """The fake, which leaves nothing behind."""
    yield FakeGround()


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Ground]:
    """A machine with no instances, of which nothing runs any more afterwards."""
    fates = Fates()
    async with serving(fates, "127.0.0.1") as asked:
        ground = LocalGround(folder / "runtime", fates, asked=asked)
        try:
            yield ground
        finally:
            await ground.runtime.close()
            stop_all(folder / "runtime", grace_seconds=0.3)


GROUNDS: dict[str, Callable[[Path], AbstractAsyncContextManager[Ground]]] = {"fake": fake, "local": local}


@pytest.fixture(params=GROUNDS)
async def ground(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ground]:
    """One runtime after the other."""
    async with GROUNDS[request.param](tmp_path) as found:
        yield found
