"""One installation of three processes of each service, for all the tests here."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from local.ports import free_base_port
from local.stack import Stack
from tests.e2e.installation import Installation, Paas
from tests.e2e.replicas.processes import WORKERS, Processes


@pytest.fixture(scope="package")
def three(temporary: Path) -> Iterator[Installation]:
    """The running stack."""
    stack = Stack(temporary / "three of each" / ".paas", base_port=free_base_port(workers=WORKERS), workers=WORKERS)
    stack.layout.root.parent.mkdir()
    stack.start()
    try:
        yield Installation(stack, temporary / "home of three")
    finally:
        stack.stop()


@pytest.fixture(scope="package")
def ada(three: Installation) -> Paas:
    """`paas` as an admin of acme, no app chosen."""
    return three.person()


@pytest.fixture
def idle(three: Installation, ada: Paas) -> Paas:
    """`paas` with a new app chosen that has no instances, so that its releases take no time."""
    return three.new_app(ada, instances=0)


@pytest.fixture
async def processes(three: Installation, ada: Paas) -> AsyncIterator[Processes]:
    """Each process by itself, as the gateway calls it for the admin."""
    async with Processes.connected(three.stack, ada.environment["PAAS_TOKEN"]) as processes:
        yield processes
