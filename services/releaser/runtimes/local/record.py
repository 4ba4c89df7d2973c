"""What runs of an app, on disk, so that a restarted releaser adopts it. Never a variable's value.

Standard library only, because `stop` reads it where nothing else may be installed.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from services.releaser.runtimes.local.runs import Run

STARTING: Final = "starting"
READY: Final = "ready"
STOPPING: Final = "stopping"

_SUFFIX: Final = ".instances.json"


@dataclass(frozen=True, kw_only=True)
class RecordedProcess:
    """One process of an app, its keeper. `pid` is 0 from just before it is started until its id is known.

    `token` is what a keeper has on its command line; `group` is the path of its control group, or ''.
    """

    index: int
    release: int
    port: int
    state: str
    since: str
    health_path: str
    pid: int = 0
    started: int = 0
    token: str = ""
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class AppRecord:
    """What should run of an app (release by index) and what does. `user` is the app's own, 0 where it has none.

    `runs` are who may have written what of each instance's log, by index.
    """

    tenant: str
    app_id: str
    app: str
    boot: str
    wanted: Mapping[int, int] = field(default_factory=dict)
    processes: tuple[RecordedProcess, ...] = ()
    user: int = 0
    runs: Mapping[int, tuple[Run, ...]] = field(default_factory=dict)


def app_folder(root: Path, tenant: str, app: str) -> Path:
    """Return the folder of an app's logs and homes. Whatever a tenant is called, it stays inside `root`."""
    return root / _part(tenant) / _part(app)


def home_of(folder: Path, index: int) -> Path:
    """Return the home folder of one instance."""
    return folder / f"instance-{index}"


def log_of(folder: Path, index: int) -> Path:
    """Return the log file of one instance."""
    return folder / "logs" / f"instance-{index}.log"


def size_of(log: Path) -> int:
    """Return how many bytes a log has; 0 where there is none."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def marks_of(folder: Path, index: int, release: int) -> dict[str, str]:
    """Return the variables by which a process of this instance and release is recognised."""
    return {"HOME": str(home_of(folder, index)), "PAAS_RELEASE": f"v{release}", "PAAS_INSTANCE": str(index)}


def record_path(folder: Path, app_id: str) -> Path:
    """Return where an app's record is. By its id: its name may be a newer app's already."""
    return folder / f"{_part(app_id)}{_SUFFIX}"


def make_private(folder: Path) -> None:
    """Make a folder and whatever is missing above it, closed to everybody else."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def let_pass(folder: Path, root: Path) -> None:
    """Let others pass through `folder` and those above it up to `root`, on the way to what is their own in it.

    They can't list it, and all else in it is closed. Raises ValueError where `folder` is not below `root`.
    """
    way = [folder, *folder.parents]
    for place in way[: way.index(root) + 1]:
        place.chmod(0o711)


def write_record(path: Path, record: AppRecord) -> None:
    """Replace a record as a whole, readable by its owner only."""
    make_private(path.parent)
    temporary = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(record), file)
    temporary.replace(path)


def read_records(root: Path) -> Iterator[tuple[Path, AppRecord]]:
    """Yield every app's record with its path. One that can't be read is passed over: it names nothing to adopt."""
    for path in sorted(root.glob(f"*/*/*{_SUFFIX}")):
        try:
            raw = json.loads(path.read_text())
            wanted = {int(index): int(release) for index, release in raw.pop("wanted").items()}
            processes = tuple(RecordedProcess(**process) for process in raw.pop("processes"))
            runs = {int(index): tuple(Run(**run) for run in known) for index, known in raw.pop("runs", {}).items()}
            yield path, AppRecord(**raw, wanted=wanted, processes=processes, runs=runs)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            continue


def _part(name: str) -> str:
    quoted = quote(name, safe="@+")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted
