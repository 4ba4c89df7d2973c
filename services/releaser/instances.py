"""The instances of one app on this machine: replaced one at a time, mended when they die, drained when they go.

Must not keep variables: a deployment is used while its processes are started and asked for again when one is needed
later. Every change is on disk before and after it happens, so that a crash in between is picked up.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog

from paaskit.clock import Clock
from paaskit.logs import describe_exception
from services.releaser import processes
from services.releaser.domain import AppKey
from services.releaser.instance_file import (
    READY,
    STARTING,
    STOPPING,
    AppRecord,
    RecordedProcess,
    log_of,
    marks_of,
    record_path,
    write_record,
)
from services.releaser.instance_process import Process, start_process
from services.releaser.runtime import ApplyFailed, Deployment, DeploymentSource, Instance, Report

_FIRST_BACKOFF_SECONDS: Final = 0.5
_LONGEST_BACKOFF_SECONDS: Final = 30.0

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long, in seconds, an instance may take to become ready, and to end after SIGTERM."""

    ready_timeout: float = 60.0
    grace: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What instances need of the runtime: limits, fresh ports, deployments of releases, the time."""

    limits: Limits
    take_port: Callable[[], int]
    source: DeploymentSource
    clock: Clock


class AppInstances:
    """The instances of one app. Rollouts and mending take turns."""

    def __init__(self, record: AppRecord, folder: Path, surroundings: Surroundings) -> None:
        self.key = AppKey(tenant=record.tenant, app_id=record.app_id)
        self.folder = folder
        self._app = record.app
        self._boot = processes.boot_id()
        self._wanted = dict(record.wanted)
        self._processes: list[Process] = []
        self._surroundings = surroundings
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._mending: set[int] = set()
        self._deaths: dict[int, int] = {}
        self._saved: AppRecord | None = None
        if record.boot == self._boot:
            self._adopt(record)

    @property
    def ports(self) -> set[int]:
        """The ports that are taken."""
        return {process.port for process in self._processes}

    def listing(self) -> list[Instance]:
        """Return the instances by index; one that should run and doesn't is `stopped`."""
        listed = [
            Instance(
                index=process.index,
                release=process.release,
                state=process.state,
                port=process.port,
                started_at=datetime.fromisoformat(process.since),
                log=str(log_of(self.folder, process.index)),
            )
            for process in self._processes
            if process.state != STOPPING
        ]
        there = {instance.index for instance in listed}
        listed += [
            Instance(index=index, release=release, state="stopped", log=str(log_of(self.folder, index)))
            for index, release in self._wanted.items()
            if index not in there
        ]
        return sorted(listed, key=lambda instance: (instance.index, instance.release))

    async def roll(self, deployment: Deployment, report: Report) -> None:
        """Replace the instances one at a time, a new one ready before the old one goes. Raises ApplyFailed."""
        spec = deployment.spec
        if spec.instances and not spec.command:
            raise ApplyFailed("The local runtime starts commands, not images; give the app a command or no instances.")
        async with self._turn:
            for index in range(1, spec.instances + 1):
                fresh = self._find(index, deployment.release) or self._start(index, deployment)
                if fresh.state != READY:
                    await self._ready_or_fail(fresh)
                self._wanted[index] = deployment.release
                self._deaths.pop(index, None)
                self._drain_others(index, keep=fresh)
                await report(index)
            for index in [index for index in self._wanted if index > spec.instances]:
                del self._wanted[index]
            for process in [process for process in self._processes if process.index > spec.instances]:
                self._drain(process)
            self._save()

    async def stop(self) -> None:
        """End every instance; returns when all have ended."""
        async with self._turn:
            self._wanted.clear()
            going = list(self._processes)
            for process in going:
                self._drain(process)
            self._save()
            for process in going:
                await process.ended.wait()

    def mend(self, *, after: float | None = None) -> None:
        """Start what should run and doesn't, each index after its backoff or `after` seconds."""
        for index in self._wanted:
            if index not in self._mending and self._serving(index) is None:
                self._mending.add(index)
                self._spawn(self._mend(index, after))

    async def close(self) -> None:
        """Stop looking after the instances, which go on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _adopt(self, record: AppRecord) -> None:
        known = {process.pid for process in record.processes if process.pid}
        for recorded in record.processes:
            process = Process(recorded)
            if not recorded.pid:
                found = processes.find_leader(marks_of(self.folder, recorded.index, recorded.release), known=known)
                if found is None:
                    continue
                process.id = found
                known.add(found.pid)
            if not processes.alive(process.id):
                continue
            self._keep(process)
            if process.state == STOPPING:
                self._drain(process)
            elif process.state == STARTING and self._wanted.get(process.index) == process.release:
                self._spawn(self._notice_ready(process))
        self._save()

    def _find(self, index: int, release: int) -> Process | None:
        for process in self._processes:
            if (process.index, process.release) == (index, release) and process.state != STOPPING:
                return process
        return None

    def _serving(self, index: int) -> Process | None:
        return next((p for p in self._processes if p.index == index and p.state != STOPPING), None)

    def _start(self, index: int, deployment: Deployment) -> Process:
        """Start one process. Does not wait for anything, so that it can't be interrupted half-way."""
        planned = RecordedProcess(
            index=index,
            release=deployment.release,
            port=self._surroundings.take_port(),
            state=STARTING,
            since=self._surroundings.clock().isoformat(),
            health_path=deployment.spec.health_path,
        )
        self._save(planned)
        try:
            process = start_process(planned, deployment, self.folder)
        except ApplyFailed:
            self._save()
            raise
        self._keep(process)
        self._save()
        return process

    async def _ready_or_fail(self, process: Process) -> None:
        limit = self._surroundings.limits.ready_timeout
        if not await process.becomes_ready(limit):
            reason = process.why_not_ready(limit)
            self._drain(process)
            self._save()
            raise ApplyFailed(f"Instance {process.index} {reason}; its log is {log_of(self.folder, process.index)}.")
        process.state = READY
        self._save()

    def _drain_others(self, index: int, *, keep: Process) -> None:
        for process in [process for process in self._processes if process.index == index and process is not keep]:
            self._drain(process)
        self._save()

    def _drain(self, process: Process) -> None:
        """Ask a process to end and, when its grace is over, make it. Nobody waits: its successor serves already."""
        if process.ended.is_set():
            return
        process.state = STOPPING
        self._spawn(self._end(process))

    async def _end(self, process: Process) -> None:
        processes.signal_group(process.id, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._surroundings.limits.grace):
                await process.ended.wait()
        processes.signal_group(process.id, signal.SIGKILL)

    def _keep(self, process: Process) -> None:
        self._processes.append(process)
        self._spawn(self._watch(process))

    async def _watch(self, process: Process) -> None:
        await processes.wait_end(process.id)
        processes.kill_stragglers(process.id)
        if process.child is not None:
            process.child.wait()
        self._processes.remove(process)
        process.ended.set()
        self._save()
        if self._wanted.get(process.index) == process.release and process.state != STOPPING:
            log.warning("instance_died", app_id=self.key.app_id, index=process.index, release=process.release)
            lived = self._surroundings.clock() - datetime.fromisoformat(process.since)
            if lived.total_seconds() > _LONGEST_BACKOFF_SECONDS:
                self._deaths.pop(process.index, None)
            self.mend()

    async def _mend(self, index: int, after: float | None) -> None:
        try:
            while True:
                deaths = self._deaths.get(index, 0)
                self._deaths[index] = deaths + 1
                pause = _FIRST_BACKOFF_SECONDS * 2.0 ** min(deaths, 10) if after is None else after
                after = None
                await asyncio.sleep(min(pause, _LONGEST_BACKOFF_SECONDS))
                if await self._mended(index):
                    return
        finally:
            self._mending.discard(index)

    async def _mended(self, index: int) -> bool:
        """Start what should run at `index`; return whether there is nothing more to do about it."""
        release = self._wanted.get(index)
        if release is None or self._serving(index) is not None:
            return True
        try:
            deployment = await self._surroundings.source(self.key, release)
            async with self._turn:
                if self._wanted.get(index) != release or self._serving(index) is not None:
                    return True
                process = self._start(index, deployment)
        except ApplyFailed:
            return False
        except Exception as error:
            # Whatever keeps the values away now, the instance is wanted: tried again after a longer pause.
            log.warning("instance_not_mended", app_id=self.key.app_id, index=index, **describe_exception(error))
            return False
        self._spawn(self._notice_ready(process))
        return True

    async def _notice_ready(self, process: Process) -> None:
        while process.state == STARTING and not process.ended.is_set():
            if await process.becomes_ready(self._surroundings.limits.ready_timeout) and process.state == STARTING:
                process.state = READY
                self._save()

    def _save(self, planned: RecordedProcess | None = None) -> None:
        known = [process.record() for process in self._processes]
        record = AppRecord(
            tenant=self.key.tenant,
            app_id=self.key.app_id,
            app=self._app,
            boot=self._boot,
            wanted=dict(self._wanted),
            processes=(*known, *([planned] if planned else [])),
        )
        if record != self._saved:
            write_record(record_path(self.folder, self.key.app_id), record)
            self._saved = record

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def new_record(deployment: Deployment) -> AppRecord:
    """Return the record of an app of which nothing runs yet."""
    return AppRecord(
        tenant=deployment.key.tenant, app_id=deployment.key.app_id, app=deployment.app, boot=processes.boot_id()
    )
