"""An installation whose every log says as much as it can, and everything that was planted in it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import composition, postgres
from local.ports import free_base_port
from local.stack import Stack
from tests.e2e.installation import Installation
from tests.leaks.collector import Collector, collecting
from tests.leaks.planting import Planted, plant

# As an operator would who looks for a fault, and thinks of nothing else.
_POSTGRES = {
    "log_statement": "all",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "-1",
    "log_min_duration_statement": "0",
    "log_error_verbosity": "verbose",
    "log_min_error_statement": "error",
    "log_min_messages": "debug1",
    "log_connections": "on",
}
_SERVICES = {"PAAS_LOG_LEVEL": "debug", "GRPC_VERBOSITY": "debug", "PYTHONWARNINGS": "always", "PYTHONDEVMODE": "1"}

TEMPORARY_FILES = "temporary files"
"""Where services make theirs."""


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where all services send their traces."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def temporary() -> Iterator[Path]:
    """A folder with a space in its path, which PostgreSQL's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="paas leaks "))
    folder.chmod(0o755)
    (folder / TEMPORARY_FILES).mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def installation(temporary: Path, collector: Collector) -> Iterator[Installation]:
    """The running stack."""
    more = {"PAAS_TRACES_ENDPOINT": collector.endpoint, "TMPDIR": str(temporary / TEMPORARY_FILES)}
    quiet = composition.process_environment

    def loud(*arguments: object, **keywords: object) -> dict[str, str]:
        return quiet(*arguments, **keywords) | _SERVICES | more  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(postgres, "SETTINGS", postgres.SETTINGS | _POSTGRES)
        patched.setattr(composition, "process_environment", loud)
        stack = Stack(temporary / "one machine" / ".paas", base_port=free_base_port())
        stack.layout.root.parent.mkdir()
        stack.start()
        try:
            yield Installation(stack, temporary / "home")
        finally:
            stack.stop()


@pytest.fixture(scope="session")
def planted(installation: Installation) -> Planted:
    """Everything that was done."""
    return plant(installation)
