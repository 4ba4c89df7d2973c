"""What the instances of an app need of the runtime that they are part of."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paaskit.clock import Clock
from services.releaser.runtimes.local.confinement.launch import Confinement
from services.releaser.runtimes.protocol import ReleaseSource


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long, in seconds, an instance may take to become ready, unless its app says so, and to end after SIGTERM."""

    ready_timeout: float = 120.0
    grace: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What instances need of the runtime: its folder, limits, fresh ports, users for apps, the source of releases, the
    time.
    """

    root: Path
    limits: Limits
    confinement: Confinement
    take_port: Callable[[], int]
    take_user: Callable[[], int]
    source: ReleaseSource
    clock: Clock
