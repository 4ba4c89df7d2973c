"""One Keycloak as a process with a folder of its own: a copy of the clean database, a certificate, a log, a record."""

import contextlib
import json
import shutil
import signal
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from local.certificates import ensure_certificates
from local.failures import LocalFailure
from local.last_words import last_words
from local.ports import HOST, reserve
from local.private_files import private_folder, write_private
from machine.kinship import dying_with_parent
from machine.processes import ProcessId, identify, is_alive
from machine.trees import end_trees
from tests.fixtures.waiting import PATIENCE
from tests.keycloak.server import database, distribution

# Seconds. Many times what a loaded machine needs, to start and to end.
_PATIENCE: Final = 300.0
_GRACE: Final = 60.0
_LOOK: Final = 0.1
_CERTIFICATE: Final = "keycloak"


@dataclass(frozen=True)
class Ports:
    """The ports of 127.0.0.1 that it listens on: for everybody, and for its health."""

    public: int
    health: int


@dataclass(frozen=True)
class Place:
    """The files of one Keycloak. Makes none of them."""

    folder: Path

    @property
    def tls(self) -> Path:
        """Its certificate, and the CA that this is from."""
        return self.folder / "tls"

    @property
    def ca_file(self) -> Path:
        """What its clients trust."""
        return self.tls / "ca.pem"

    @property
    def database(self) -> Path:
        """Its copy of the clean database."""
        return self.folder / "database"

    @property
    def credentials(self) -> Path:
        """The secrets that are in the database."""
        return self.folder / "credentials.json"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "keycloak.log"

    @property
    def ports(self) -> Path:
        """Where it listens, also after it was started anew."""
        return self.folder / "ports.json"

    @property
    def record(self) -> Path:
        """Its process, there while it should run."""
        return self.folder / "process.json"


def prepare(folder: Path) -> Place:
    """Fill a folder: a fresh copy of the clean realm, and a certificate. Raises LocalFailure."""
    clean, place = database.ensure_imported(), Place(private_folder(folder))
    shutil.rmtree(place.database, ignore_errors=True)
    shutil.copytree(clean.database, place.database)
    write_private(place.credentials, clean.credentials.to_json())
    ensure_certificates(place.tls, [_CERTIFICATE], now=datetime.now(UTC), hosts=[HOST])
    return place


@contextlib.contextmanager
def free_ports() -> Iterator[Ports]:
    """Two that nobody else is given until the end of the block."""
    with contextlib.ExitStack() as kept:
        found = [kept.enter_context(each) for _ in range(2) if (each := reserve(0))]
        yield Ports(*(each.getsockname()[1] for each in found))


def start(place: Place, ports: Ports, *, tied: bool) -> None:
    """Start it on these ports and wait until it is ready; `tied`, it ends with this process. Raises LocalFailure."""
    command = distribution.command(distribution.ensure_built(), "start", "--optimized", *_options(place, ports))
    with place.log.open("ab") as log:
        process = subprocess.Popen(
            command,
            env=distribution.environment(),
            cwd=place.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A Ctrl-C at the terminal is for the starter.
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGTERM) if tied else None,  # noqa: PLW1509 - it only calls prctl
        )
    found = identify(process.pid)
    if found is not None:
        write_private(place.record, json.dumps(asdict(found)).encode())
    write_private(place.ports, json.dumps(asdict(ports)).encode())
    deadline = time.monotonic() + _PATIENCE
    while not _is_ready(place, ports):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(place)
            raise LocalFailure(f"Keycloak did not start: {last_words(place.log)}")
        time.sleep(_LOOK)


def stop(place: Place) -> bool:
    """End it with all its processes. Whether it ran."""
    process = _recorded(place)
    ended = process is not None and end_trees([process], grace=_GRACE)
    place.record.unlink(missing_ok=True)
    return ended


def is_running(place: Place) -> bool:
    """Whether its process is there."""
    process = _recorded(place)
    return process is not None and is_alive(process)


def ports_of(place: Place) -> Ports:
    """Where it listens, or did last. Raises FileNotFoundError where it never ran."""
    return Ports(**json.loads(place.ports.read_bytes()))


def public_url(ports: Ports) -> str:
    """Where everybody reaches it; its issuers begin with it."""
    return f"https://{HOST}:{ports.public}"


def _recorded(place: Place) -> ProcessId | None:
    try:
        return ProcessId(**json.loads(place.record.read_bytes()))
    except FileNotFoundError:
        return None


def _options(place: Place, ports: Ports) -> tuple[str, ...]:
    return (
        *database.private_options(place.database),
        "--cache=local",
        f"--hostname={public_url(ports)}",
        f"--http-host={HOST}",
        f"--https-port={ports.public}",
        f"--https-certificate-file={place.tls / f'{_CERTIFICATE}.pem'}",
        f"--https-certificate-key-file={place.tls / f'{_CERTIFICATE}.key'}",
        f"--http-management-host={HOST}",
        f"--http-management-port={ports.health}",
    )


def _is_ready(place: Place, ports: Ports) -> bool:
    context = ssl.create_default_context(cafile=str(place.ca_file))
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(
            f"https://{HOST}:{ports.health}/health/ready", timeout=PATIENCE
        ) as said:
            return bool(said.status == 200)
    except OSError:
        return False
