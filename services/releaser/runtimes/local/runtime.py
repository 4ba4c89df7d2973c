"""The local runtime: app processes on this machine, for laptops and tests.

Instances outlive releaser: a restarted one adopts them, once it has the runtime folder (`folder`). Standard output and
error are appended to `<folder>/<tenant>/<app>/logs/instance-N.log`.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from paaskit.clock import Clock
from services.releaser.domain import AppKey
from services.releaser.runtimes.local.confinement.accounts import choose_user
from services.releaser.runtimes.local.confinement.launch import Confinement
from services.releaser.runtimes.local.folder import RuntimeFolder
from services.releaser.runtimes.local.instances import AppInstances, new_record
from services.releaser.runtimes.local.listing import listed
from services.releaser.runtimes.local.logs import written
from services.releaser.runtimes.local.ports import claim_port
from services.releaser.runtimes.local.record import app_folder, log_of, read_records, record_path
from services.releaser.runtimes.local.surroundings import Limits, Surroundings
from services.releaser.runtimes.protocol import DesiredRelease, Hold, Instance, ReleaseSource, Report, Written

_MAX_LOG_BYTES: Final = 10 * 1024 * 1024
_LOOK_AT_LOGS_EVERY_SECONDS: Final = 5.0
_CLAIMS_KEPT: Final = 200


class LocalRuntime:
    """Runs apps as processes of this machine. `source` is asked for the values of what has to be started again.

    Nothing is applied or removed before the folder is this process's; until then another's instances are listed.
    """

    def __init__(
        self, folder: RuntimeFolder, *, limits: Limits, confinement: Confinement, source: ReleaseSource, clock: Clock
    ) -> None:
        self._folder = folder
        self._surroundings = Surroundings(
            root=folder.root,
            limits=limits,
            confinement=confinement,
            take_port=self._take_port,
            take_user=lambda: choose_user({app.user for app in self._apps.values()}),
            source=source,
            clock=clock,
        )
        self._apps: dict[AppKey, AppInstances] = {}
        self._claimed: dict[int, socket.socket] = {}

    def adopt(self) -> None:
        """Look after what a predecessor's records say, from when the folder is this process's. Again has no effect."""
        for path, record in read_records(self._folder.root):
            if AppKey(tenant=record.tenant, app_id=record.app_id) not in self._apps:
                app = AppInstances(record, path.parent, self._surroundings)
                self._apps[app.key] = app
                app.mend(after=0)

    async def run(self) -> None:
        """Keep logs from growing without end, for ever. Instances are looked after by their own tasks."""
        while True:
            await asyncio.sleep(_LOOK_AT_LOGS_EVERY_SECONDS)
            if not self._folder.held:  # two that shorten a log at once would lose lines of it
                continue
            shortened = await asyncio.to_thread(_shorten_logs, self._folder.root)
            for app in self._apps.values():
                for index in app.indexes:
                    if log_of(app.folder, index) in shortened:
                        app.log_shortened(index)

    async def apply(self, desired: DesiredRelease, report: Report, hold: Hold) -> None:
        """Replace the app's instances. Raises ApplyFailed."""
        await hold()
        app = self._apps.get(desired.key)
        if app is None:
            folder = app_folder(self._folder.root, desired.key.tenant, desired.app)
            app = self._apps[desired.key] = AppInstances(new_record(desired), folder, self._surroundings)
        await app.roll(desired, report)

    async def remove(self, key: AppKey) -> None:
        """Stop every instance of the app, and delete its logs and homes."""
        app = self._apps.get(key)
        if app is None:
            return
        await app.stop()
        await app.close()
        del self._apps[key]
        record_path(app.folder, key.app_id).unlink(missing_ok=True)
        if not any(other.folder == app.folder for other in self._apps.values()):
            await asyncio.to_thread(shutil.rmtree, app.folder, ignore_errors=True)

    async def instances(self, key: AppKey) -> Sequence[Instance]:
        """Return the app's instances by index; where another process has the folder, as it has written them down."""
        if not self._folder.held:
            return await asyncio.to_thread(_written_down, self._folder.root, key)
        app = self._apps.get(key)
        return app.listing() if app else []

    def written(self, key: AppKey, *, lines: int, follow: bool) -> AsyncIterator[Written]:
        """Yield what the app's instances write, as the folder has it, whichever process has the folder."""
        return written(self._folder.root, key, lines=lines, follow=follow)

    async def close(self) -> None:
        """Let go of the folder and of every instance; they go on."""
        for app in self._apps.values():
            await app.close()
        self._apps.clear()
        while self._claimed:
            self._claimed.popitem()[1].close()
        self._folder.leave()

    def _take_port(self) -> int:
        taken = set(self._claimed).union(*(app.ports for app in self._apps.values()))
        port, self._claimed[port] = claim_port(taken)
        # The latest may not be listened on yet; of one that was handed out long ago the rest of the machine can tell.
        while len(self._claimed) > _CLAIMS_KEPT:
            self._claimed.pop(next(iter(self._claimed))).close()
        return port


def _written_down(root: Path, key: AppKey) -> list[Instance]:
    for path, record in read_records(root):
        if (record.tenant, record.app_id) == (key.tenant, key.app_id):
            return listed(record.processes, record.wanted, path.parent)
    return []


def _shorten_logs(root: Path) -> set[Path]:
    """Move what a too long log holds to `<log>.1`; return which. Its program goes on; a line or two may be lost."""
    shortened = set()
    for path in root.glob("*/*/logs/instance-*.log"):
        with suppress(OSError):
            if path.stat().st_size <= _MAX_LOG_BYTES:
                continue
            older = path.with_name(f"{path.name}.1")
            descriptor = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as target, path.open("rb") as log:
                shutil.copyfileobj(log, target)
            os.truncate(path, 0)
            shortened.add(path)
    return shortened
