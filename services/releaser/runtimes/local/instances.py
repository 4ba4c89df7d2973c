"""The instances of one app on this machine: replaced one by one or at once, mended when they die, drained at their end.

Must not keep variables: a release is used while its processes are started and asked for again when one is needed
later. Every change is on disk before and after it happens, so that a crash in between is picked up.
"""

import asyncio
import secrets
import signal
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog

from machine import processes
from paaskit.logs import describe_exception
from services.releaser.domain import AppKey
from services.releaser.runtimes.local.confinement.accounts import NOBODY_ELSE
from services.releaser.runtimes.local.confinement.groups import end_group, make_group
from services.releaser.runtimes.local.confinement.launch import find_keeper
from services.releaser.runtimes.local.confinement.remains import end_remains
from services.releaser.runtimes.local.listing import listed
from services.releaser.runtimes.local.process import Process, start_process
from services.releaser.runtimes.local.record import (
    READY,
    STARTING,
    STOPPING,
    AppRecord,
    RecordedProcess,
    let_pass,
    log_of,
    make_private,
    marks_of,
    record_path,
    size_of,
    write_record,
)
from services.releaser.runtimes.local.runs import Runs
from services.releaser.runtimes.local.surroundings import Surroundings
from services.releaser.runtimes.output import masked, written_since
from services.releaser.runtimes.protocol import (
    ApplyFailed,
    DesiredRelease,
    Instance,
    Progress,
    Report,
)

_FIRST_BACKOFF_SECONDS: Final = 0.5
_LONGEST_BACKOFF_SECONDS: Final = 30.0
_KILL_SECONDS: Final = 5.0
"""How long a keeper may take to kill what is below it before it is killed itself."""

log = structlog.get_logger()


class AppInstances:
    """The instances of one app. Rollouts and mending take turns."""

    def __init__(self, record: AppRecord, folder: Path, surroundings: Surroundings) -> None:
        self.key = AppKey(tenant=record.tenant, app_id=record.app_id)
        self.folder = folder
        # A record of before apps had users names none.
        self.user = record.user or surroundings.take_user()
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
        self._runs = Runs(record.runs)
        if record.boot == self._boot:
            self._adopt(record)
        self._end_runs()

    @property
    def ports(self) -> set[int]:
        """The ports that are taken."""
        return {process.port for process in self._processes}

    @property
    def indexes(self) -> set[int]:
        """Which instances there are to be, and whose processes still run."""
        return {*self._wanted, *(process.index for process in self._processes)}

    def listing(self) -> list[Instance]:
        """Return the instances by index; one that should run and doesn't is `stopped`."""
        return listed(self._processes, self._wanted, self.folder)

    async def roll(self, desired: DesiredRelease, report: Report) -> None:
        """Replace the instances one at a time, or all at once; a new one is ready before the old one goes.

        Raises ApplyFailed.
        """
        spec = desired.spec
        if spec.adopted is not None:
            raise ApplyFailed(
                "The local runtime adopts nothing; create an app with a command, or release this one on Kubernetes."
            )
        if spec.instances and not spec.command:
            raise ApplyFailed("The local runtime starts commands, not images; give the app a command or no instances.")
        async with self._turn:
            indexes = range(1, spec.instances + 1)
            for wave in [indexes] if spec.all_at_once else [[index] for index in indexes]:
                await self._replace(wave, desired, report)
            for index in [index for index in self._wanted if index > spec.instances]:
                del self._wanted[index]
            surplus = [process for process in self._processes if process.index > spec.instances]
            for process in surplus:
                self._drain(process)
            self._save()
            if surplus:
                await report(self._progress(desired.release))

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

    def log_shortened(self, index: int) -> None:
        """Take note that an instance's log was emptied."""
        self._runs.shortened(index, size=size_of(log_of(self.folder, index)))
        self._save()

    async def close(self) -> None:
        """Stop looking after the instances, which go on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in self._processes:
            process.let_go()

    async def _replace(self, indexes: Sequence[int], desired: DesiredRelease, report: Report) -> None:
        """Start these at once, and let each take over when it is ready. Raises ApplyFailed, leaving none half-way."""
        fresh: list[Process] = []
        waiting: list[asyncio.Task[Process]] = []
        try:
            for index in indexes:
                process = self._find(index, desired.release) or self._start(index, desired)
                fresh.append(process)  # at once, for the case that the next can't be started
            waiting += [asyncio.ensure_future(self._ready_or_fail(process, desired)) for process in fresh]
            if any(process.state != READY for process in fresh):
                await report(self._progress(desired.release))
            for next_ready in asyncio.as_completed(waiting):
                process = await next_ready
                self._wanted[process.index] = desired.release
                self._deaths.pop(process.index, None)
                self._drain_others(process.index, keep=process)
                await report(self._progress(desired.release))
        except ApplyFailed:
            for process in fresh:
                if self._wanted.get(process.index) != desired.release:
                    self._drain(process)
            self._save()
            raise
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _progress(self, release: int) -> Progress:
        running = [process for process in self._processes if process.state != STOPPING]
        updated = [process for process in running if process.release == release]
        ready = sum(process.state == READY for process in updated)
        return Progress(updated=len(updated), ready=ready, old=len(running) - len(updated))

    def _adopt(self, record: AppRecord) -> None:
        for recorded in record.processes:
            process = Process(recorded)
            if not recorded.pid and (found := find_keeper(recorded.token)) is not None:
                process.id = found
            if not processes.is_alive(process.id):
                process.state = STOPPING  # and what is left of it is ended
            self._keep(process)
            if (process.index, process.release) not in self._runs.running():  # of before runs were written down
                self._begin_run(process.index, process.release)
            if process.state == STOPPING:
                self._drain(process)
            elif process.state == STARTING and self._wanted.get(process.index) == process.release:
                self._spawn(self._notice_ready(process))
        self._save()

    def _begin_run(self, index: int, release: int) -> None:
        self._runs.begin(index, release, size=size_of(log_of(self.folder, index)))

    def _end_runs(self) -> None:
        """End the runs of which no process is there any more."""
        there = {(process.index, process.release) for process in self._processes}
        for index, release in self._runs.running() - there:
            self._runs.end(index, release, size=size_of(log_of(self.folder, index)))
        self._runs.forget(self.indexes)

    def _find(self, index: int, release: int) -> Process | None:
        for process in self._processes:
            if (process.index, process.release) == (index, release) and process.state != STOPPING:
                return process
        return None

    def _serving(self, index: int) -> Process | None:
        return next((p for p in self._processes if p.index == index and p.state != STOPPING), None)

    def _start(self, index: int, desired: DesiredRelease) -> Process:
        """Start one process. Does not wait for anything, so that it can't be interrupted half-way."""
        confinement = self._surroundings.confinement
        planned = RecordedProcess(
            index=index,
            release=desired.release,
            port=self._surroundings.take_port(),
            state=STARTING,
            since=self._surroundings.clock().isoformat(),
            health_path=desired.spec.health_path,
            token=secrets.token_hex(8),
            group=self._make_group(index),
        )
        self._begin_run(index, desired.release)
        self._save(planned)
        try:
            self._open_way()
            process = start_process(planned, desired, self.folder, user=self.user, confinement=confinement)
        except ApplyFailed:
            end_group(Path(planned.group), patience=0)
            self._end_runs()
            self._save()
            raise
        self._keep(process)
        self._save()
        return process

    def _make_group(self, index: int) -> str:
        base = self._surroundings.confinement.groups
        try:
            return str(make_group(base)) if base is not None else ""
        except OSError:
            raise ApplyFailed(
                f"Instance {index} could not be started: {base} gives releaser no control group any more; restart it."
            ) from None

    def _open_way(self) -> None:
        """Let the app's user pass to its home."""
        make_private(self.folder)
        if self.user != NOBODY_ELSE:
            let_pass(self.folder, self._surroundings.root)

    async def _ready_or_fail(self, process: Process, desired: DesiredRelease) -> Process:
        if process.state == READY:
            return process
        spec = desired.spec
        limit = spec.ready_timeout or self._surroundings.limits.ready_timeout
        if not await process.becomes_ready(limit):
            log_file = log_of(self.folder, process.index)
            reason = process.why_not_ready(limit, program=spec.command[0], log=log_file)
            wrote = "" if process.log_start is None else written_since(log_file, process.log_start)
            raise ApplyFailed(reason, output=masked(wrote, desired))
        process.state = READY
        self._save()
        return process

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
        limits = self._surroundings.limits
        for number, patience in ((signal.SIGTERM, limits.grace), (signal.SIGQUIT, _KILL_SECONDS)):
            processes.send(process.id, number)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await process.ended.wait()
                    return
        processes.send(process.id, signal.SIGKILL)

    def _keep(self, process: Process) -> None:
        self._processes.append(process)
        self._spawn(self._watch(process))

    async def _watch(self, process: Process) -> None:
        await processes.wait_end(process.id)
        process.hear_out()
        marks = marks_of(self.folder, process.index, process.release)
        await asyncio.to_thread(end_remains, marks=marks, user=self.user, group=process.group)
        self._processes.remove(process)
        self._end_runs()
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
            desired = await self._surroundings.source(self.key, release)
            async with self._turn:
                if self._wanted.get(index) != release or self._serving(index) is not None:
                    return True
                process = self._start(index, desired)
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
            user=self.user,
            runs=self._runs.known(),
        )
        if record != self._saved:
            write_record(record_path(self.folder, self.key.app_id), record)
            self._saved = record

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def new_record(desired: DesiredRelease) -> AppRecord:
    """Return the record of an app of which nothing runs yet."""
    return AppRecord(
        tenant=desired.key.tenant,
        app_id=desired.key.app_id,
        app=desired.app,
        boot=processes.boot_id(),
    )
