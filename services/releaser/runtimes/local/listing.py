"""An app's instances as they are shown, from its processes or from what is written down of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from services.releaser.runtimes.local.record import STOPPING, log_of
from services.releaser.runtimes.protocol import Instance


class _Known(Protocol):
    """A process, running or written down, as far as it is listed."""

    @property
    def index(self) -> int:
        """Which instance it is."""

    @property
    def release(self) -> int:
        """The release it runs."""

    @property
    def state(self) -> str:
        """Starting, ready or stopping."""

    @property
    def port(self) -> int:
        """Where it is to listen."""

    @property
    def since(self) -> str:
        """When it was started, ISO 8601."""


def listed(known: Iterable[_Known], wanted: Mapping[int, int], folder: Path) -> list[Instance]:
    """Return the instances of an app by index, given its processes and which release each should run by index."""
    instances = [
        Instance(
            index=process.index,
            release=process.release,
            state=process.state,
            port=process.port,
            started_at=datetime.fromisoformat(process.since),
            log=str(log_of(folder, process.index)),
        )
        for process in known
        if process.state != STOPPING
    ]
    there = {instance.index for instance in instances}
    instances += [
        Instance(index=index, release=release, state="stopped", log=str(log_of(folder, index)))
        for index, release in wanted.items()
        if index not in there
    ]
    return sorted(instances, key=lambda instance: (instance.index, instance.release))
