"""Which runtime this process drives, and what it waits for before it does: a part of the composition root."""

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from paaskit.clock import utc_now
from paaskit.db import Database
from paaskit.settings import SettingsError
from services.releaser.runtimes.local.confinement.groups import find_base
from services.releaser.runtimes.local.confinement.launch import Confinement
from services.releaser.runtimes.local.folder import RuntimeFolder
from services.releaser.runtimes.local.runtime import LocalRuntime
from services.releaser.runtimes.local.surroundings import Limits
from services.releaser.runtimes.protocol import ReleaseSource, Runtime
from services.releaser.settings import Settings
from services.releaser.store.drifts import DriftStore
from services.releaser.store.placements import PlacementStore

log = structlog.get_logger()

Turn = Callable[[str], Awaitable[str]]
"""Returns once this process, under the name of its leases' holder, may run apps: the name of a predecessor that is
known to be gone, or ''. Where several processes may run apps at the same time, that is at once."""


async def at_once(_: str) -> str:
    """Wait for nobody, and know of no predecessor: leases alone decide who works on which app."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What runs apps, and what this process waits for before it does."""

    runtime: Runtime
    turn: Turn = at_once


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a runtime can be built from. `source` gives the values of what has to be started again; `core_bytes` is the
    largest core file that an app of this machine may leave, -1 for any.
    """

    settings: Settings
    database: Database
    drifts: DriftStore
    source: ReleaseSource
    core_bytes: int = 0


ChooseRuntime = Callable[[Given], Awaitable[Chosen]]


async def choose_runtime(given: Given) -> Chosen:
    """Return the runtime that the settings name. Raises SettingsError for any other, or where it can't be had."""
    kind = given.settings.runtime
    if kind not in _KINDS:
        raise SettingsError(f"PAAS_RUNTIME names a runtime there is none of; it is {' or '.join(_KINDS)}.")
    return await _KINDS[kind](given)


async def _kubernetes(given: Given) -> Chosen:
    # Imported here: the client library takes 40 MB, which a process that drives no cluster can do without.
    from services.releaser.runtimes.kubernetes.connecting import connect
    from services.releaser.runtimes.kubernetes.runtime import KubernetesRuntime

    settings = given.settings
    cluster = await connect(settings.kubeconfig)
    runtime = KubernetesRuntime(
        cluster,
        PlacementStore(given.database),
        given.drifts,
        source=given.source,
        namespace_prefix=settings.namespace_prefix,
        ready_timeout=settings.ready_timeout_seconds,
        grace=settings.grace_seconds,
    )
    return Chosen(runtime=runtime)


async def _local(given: Given) -> Chosen:
    settings = given.settings
    if not settings.runtime_dir:
        raise SettingsError("PAAS_RUNTIME_DIR is not set. The folder of the local runtime.")
    limits = Limits(ready_timeout=settings.ready_timeout_seconds, grace=settings.grace_seconds)
    confinement = Confinement(
        groups=find_base(),
        folder=Path.cwd(),
        # What runs this code runs apps too: the demo's, and whoever's in Python.
        shown=(Path(sys.prefix), Path(sys.base_prefix)),
        core_bytes=given.core_bytes,
    )
    folder = RuntimeFolder(_whole(settings.runtime_dir))
    has_groups, is_root = confinement.groups is not None, os.geteuid() == 0
    log.info("local_runtime", groups=has_groups, root=is_root)
    runtime = LocalRuntime(folder, limits=limits, confinement=confinement, source=given.source, clock=utc_now)
    return Chosen(runtime=runtime, turn=partial(_in_turn, folder, runtime))


def _whole(path: str) -> Path:
    return Path(path).resolve()


async def _in_turn(folder: RuntimeFolder, runtime: LocalRuntime, holder: str) -> str:
    predecessor = await folder.stand_by(holder)
    runtime.adopt()
    return predecessor


_KINDS: Final[dict[str, Callable[[Given], Awaitable[Chosen]]]] = {"local": _local, "kubernetes": _kubernetes}
