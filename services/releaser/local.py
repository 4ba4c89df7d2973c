"""The local runtime: app processes on this machine, for laptops and tests.

Instances outlive releaser: a restarted one adopts them. One releaser at a time uses a runtime folder, which a file lock
sees to; the lock goes with its process, so whoever has it knows that the holder before is gone. Programs run in
releaser's working folder. Standard output and error are appended to `<folder>/<tenant>/<app>/logs/instance-N.log`.
"""

import asyncio
import fcntl
import os
import shutil
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from paaskit.clock import Clock
from paaskit.errors import Internal
from services.releaser.domain import AppKey
from services.releaser.instance_file import app_folder, make_private, read_records, record_path
from services.releaser.instances import AppInstances, Limits, Surroundings, new_record
from services.releaser.processes import claim_port
from services.releaser.runtime import Deployment, DeploymentSource, Instance, Report

_MAX_LOG_BYTES: Final = 10 * 1024 * 1024
_LOOK_AT_LOGS_EVERY_SECONDS: Final = 5.0
_LOCK_FILE: Final = "lock"
_CLAIMS_KEPT: Final = 200


class LocalRuntime:
    """Runs apps as processes of this machine. `source` is asked for the values of what has to be started again."""

    def __init__(self, root: Path, *, limits: Limits, source: DeploymentSource, clock: Clock) -> None:
        self._root = root
        self._surroundings = Surroundings(limits=limits, take_port=self._take_port, source=source, clock=clock)
        self._apps: dict[AppKey, AppInstances] = {}
        self._lock: int | None = None
        self._claimed: dict[int, socket.socket] = {}

    def take_over(self, holder: str) -> str:
        """Lock the folder, adopt what runs, and return the lease holder that had it before, or ''.

        Raises Internal while another releaser uses the folder.
        """
        if self._lock is not None:
            return ""
        make_private(self._root)
        lock = os.open(self._root / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise Internal("Another releaser uses this runtime folder.") from None
        predecessor = os.pread(lock, 200, 0).decode("ascii", "replace")
        os.ftruncate(lock, 0)
        os.pwrite(lock, holder.encode(), 0)
        self._lock = lock
        for path, record in read_records(self._root):
            app = AppInstances(record, path.parent, self._surroundings)
            self._apps[app.key] = app
            app.mend(after=0)
        return predecessor

    async def run(self) -> None:
        """Keep logs from growing without end, for ever. Instances are looked after by their own tasks."""
        while True:
            await asyncio.sleep(_LOOK_AT_LOGS_EVERY_SECONDS)
            await asyncio.to_thread(_shorten_logs, self._root)

    async def apply(self, deployment: Deployment, report: Report) -> None:
        """Replace the app's instances one at a time. Raises ApplyFailed."""
        app = self._apps.get(deployment.key)
        if app is None:
            folder = app_folder(self._root, deployment.key.tenant, deployment.app)
            app = self._apps[deployment.key] = AppInstances(new_record(deployment), folder, self._surroundings)
        await app.roll(deployment, report)

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
        """Return the app's instances by index."""
        app = self._apps.get(key)
        return app.listing() if app else []

    async def close(self) -> None:
        """Let go of the folder and of every instance; they go on."""
        for app in self._apps.values():
            await app.close()
        self._apps.clear()
        while self._claimed:
            self._claimed.popitem()[1].close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_port(self) -> int:
        taken = set(self._claimed).union(*(app.ports for app in self._apps.values()))
        port, self._claimed[port] = claim_port(taken)
        # The latest may not be listened on yet; of one that was handed out long ago the rest of the machine can tell.
        while len(self._claimed) > _CLAIMS_KEPT:
            self._claimed.pop(next(iter(self._claimed))).close()
        return port


def _shorten_logs(root: Path) -> None:
    """Move what a too long log holds to `<log>.1`. Its program goes on appending; a line or two may be lost."""
    for path in root.glob("*/*/logs/instance-*.log"):
        with suppress(OSError):
            if path.stat().st_size <= _MAX_LOG_BYTES:
                continue
            older = path.with_name(f"{path.name}.1")
            descriptor = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as target, path.open("rb") as log:
                shutil.copyfileobj(log, target)
            os.truncate(path, 0)
