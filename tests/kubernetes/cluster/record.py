"""What a cluster's supervisor has made, written down so that it can be ended and removed when it was killed."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from local.private_files import write_private
from machine.processes import ProcessId
from tests.kubernetes.cluster.layout import Ports


@dataclass(frozen=True)
class Record:
    """The supervisor, and what there is beyond its folder. `node` is the process that started the namespaces."""

    supervisor: ProcessId
    bridge: int
    cgroup: str
    ports: Ports
    kubernetes: str
    images: tuple[str, ...]
    node: ProcessId | None = None


def write_record(path: Path, record: Record) -> None:
    """Replace the record."""
    write_private(path, json.dumps(asdict(record)).encode())


def read_record(path: Path) -> Record | None:
    """The record, or None where there is none. Raises ValueError, KeyError or TypeError for one of another kind."""
    try:
        fields = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return Record(
        supervisor=ProcessId(**fields["supervisor"]),
        bridge=int(fields["bridge"]),
        cgroup=str(fields["cgroup"]),
        ports=Ports(**fields["ports"]),
        kubernetes=str(fields["kubernetes"]),
        images=tuple(fields["images"]),
        node=ProcessId(**fields["node"]) if fields["node"] else None,
    )
