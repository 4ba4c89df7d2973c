"""One stack for the whole run, in a temporary folder whose path has a space, on free ports.

Tests have an app each and so don't disturb one another; those that stop a part start it again. What has been planted
anywhere is looked for at the very end, whatever order the files have.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import free_base_port
from local.stack import Stack
from tests.e2e.installation import Installation, Paas

LAST = "test_no_value_leaks.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the search for leaks come last, after what signs people in anew at random."""
    items.sort(key=lambda item: (item.path.name == LAST, item.path.name == "test_abuse.py"))


@pytest.fixture(scope="session")
def temporary() -> Iterator[Path]:
    """A folder with a space in its path, which PostgreSQL's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="paas e2e "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def installation(temporary: Path) -> Iterator[Installation]:
    """The running stack, seen by people of the tenant acme."""
    stack = Stack(temporary / "one machine" / ".paas", base_port=free_base_port())
    stack.layout.root.parent.mkdir()
    stack.start()
    try:
        yield Installation(stack, temporary / "home")
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def ada(installation: Installation) -> Paas:
    """`paas` as an admin of acme, no app chosen."""
    return installation.person()


@pytest.fixture
def paas(installation: Installation, ada: Paas) -> Paas:
    """`paas` with a new app of two instances chosen, which runs."""
    return installation.new_app(ada, instances=2)


@pytest.fixture
def idle(installation: Installation, ada: Paas) -> Paas:
    """`paas` with a new app chosen that has no instances, so that its releases take no time."""
    return installation.new_app(ada, instances=0)
