"""The process that keeps the stack's parts running: `python -m local.supervisor RUN_FOLDER`.

It starts what it is told to, in process groups of their own; restarts what dies, with a growing pause; and ends
everything below it, app instances included, before it ends itself. It knows nothing of PostgreSQL, Envoy or
services, and imports nothing outside the standard library, because it runs for as long as the stack does.
"""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import control
from local.child import Child
from local.parts import Part
from local.record import Record, write_record
from machine.kinship import adopt_orphans
from machine.processes import ProcessId, identify
from machine.trees import descendants, end_trees

LOCK = "supervisor.lock"
RECORD = "processes.json"
# Seconds between two looks at which app instances run, so that they can be ended even after a kill -9.
LOOK_INTERVAL = 1.0
# Seconds that app instances get between SIGTERM and SIGKILL.
ORPHANS_GRACE = 5.0
# Seconds after which what they started meanwhile is left.
ORPHANS_PATIENCE = 15.0
# Seconds to wait for answers on their way when everything has been stopped.
ANSWER_PATIENCE = 0.5
# Seconds that a new supervisor waits for one that is about to end.
LOCK_PATIENCE = 3.0


class Supervisor:
    """Holds the parts. All of it runs in one thread, which is also what makes forking safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[str, Child] = {}
        self._attendants: set[asyncio.StreamWriter] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._kept = False
        self._stopping = False
        self._ended = asyncio.Event()
        self._written: Record | None = None

    async def run(self) -> None:
        """Serves requests until told to go down or by SIGTERM."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._begin_down)
        self._write_record()
        await asyncio.start_unix_server(self._accept, sock=control.listen(self._folder))
        look = asyncio.create_task(self._look())
        await self._ended.wait()
        look.cancel()
        # Whoever asked for the end is told that it has come.
        if self._connections:
            await asyncio.wait(self._connections, timeout=ANSWER_PATIENCE)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self._answer(control.decode(line), writer)
                writer.write(control.encode(answer))
                await writer.drain()
                if self._ended.is_set():
                    break
        except (ConnectionError, ValueError, TypeError) as error:
            note(f"a control connection ended: {type(error).__name__}")
        finally:
            writer.close()
            if writer in self._attendants:
                self._attendants.discard(writer)
                if not self._kept:
                    note("the starter left before the stack was up: stopping everything")
                    self._begin_down()

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> dict[str, Any]:
        match request:
            case {"do": "attend"}:
                self._attendants.add(writer)
            case {"do": "keep"}:
                self._kept = True
            case {"do": "run", "part": dict(fields)}:
                part = Part.from_json(fields)
                child = self._children.setdefault(part.name, Child(part, self._on_change))
                child.part = part
                return self._try(child.start)
            case {"do": "status"}:
                return {"kept": self._kept, "parts": [child.describe() for child in self._children.values()]}
            case {"do": "down"}:
                await self._down()
            case {"do": str(verb), "name": str(name)} if name in self._children:
                return await self._answer_about(self._children[name], verb, request)
            case _:
                return {"error": "unknown part or request"}
        return {}

    async def _answer_about(self, child: Child, verb: str, request: dict[str, Any]) -> dict[str, Any]:
        match verb:
            case "start":
                return self._try(child.start)
            case "stop":
                await child.stop()
            case "kill":
                child.kill(int(request["signal"]))
            case _:
                return {"error": "unknown request"}
        return {}

    def _try(self, start: Callable[[], None]) -> dict[str, Any]:
        if self._stopping:
            return {"error": "the stack is being stopped"}
        try:
            start()
        except OSError as error:
            return {"error": f"it can't be started: {(error.strerror or 'unknown reason').lower()}"}
        return {}

    def _reap(self) -> None:
        by_pid = {child.pid: child for child in self._children.values() if child.pid is not None}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if (child := by_pid.get(pid)) is not None:
                self._on_exit(child, os.waitstatus_to_exitcode(status))

    def _on_exit(self, child: Child, code: int) -> None:
        expected = child.exited(code)
        if not expected:
            note(f"{child.part.name} ended by itself, {'signal' if code < 0 else 'status'} {abs(code)}")
            for attendant in self._attendants:
                attendant.write(control.encode({"exited": child.part.name, "code": code}))
            if self._kept and not self._stopping:
                pause = child.restart_later(asyncio.get_running_loop())
                note(f"{child.part.name} will be started again in {pause:.1f} s")
        self._write_record()

    def _on_change(self) -> None:
        self._write_record()

    def _write_record(self) -> None:
        own = identify(os.getpid())
        assert own is not None
        parts = tuple(entry for child in self._children.values() if (entry := child.recorded()) is not None)
        known = {entry.process for entry in parts}
        others = tuple(sorted(process for process in descendants(own.pid) if process not in known))
        record = Record(own, parts, others)
        if record != self._written and not self._ended.is_set():
            write_record(self._folder / RECORD, record)
            self._written = record

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_INTERVAL)
            self._write_record()

    def _begin_down(self) -> None:
        task = asyncio.create_task(self._down())
        task.add_done_callback(lambda _: None)

    async def _down(self) -> None:
        if self._stopping:
            await self._ended.wait()
            return
        self._stopping = True
        started = time.monotonic()
        for tier in sorted({child.part.tier for child in self._children.values()}, reverse=True):
            await asyncio.gather(*(child.stop() for child in self._children.values() if child.part.tier == tier))
            if tier == 1:
                await self._end_orphans()
        await self._end_orphans()
        note(f"stopped after {time.monotonic() - started:.1f} s")
        (self._folder / control.SOCKET).unlink(missing_ok=True)
        (self._folder / RECORD).unlink(missing_ok=True)
        self._ended.set()

    async def _end_orphans(self) -> None:
        """Ends what the parts left: app instances, whose parent this is once releaser has ended."""
        grace, deadline = ORPHANS_GRACE, time.monotonic() + ORPHANS_PATIENCE
        # Once more for what came of those whose keeper had been killed before. One that gets away from that for ever,
        # a process that ends and is another one all the time, must not keep the stack from ending.
        while (left := self._orphans()) and time.monotonic() < deadline:
            note(f"ending {len(left)} app processes")
            # In a thread, so that this one can go on collecting what ends.
            await asyncio.to_thread(end_trees, left, grace=grace)
            grace = 0.0

    def _orphans(self) -> list[ProcessId]:
        kept = {child.pid for child in self._children.values()}
        below: set[int] = set()
        for pid in kept - {None}:
            assert pid is not None
            below |= {process.pid for process in descendants(pid)}
        return [process for process in descendants(os.getpid()) if process.pid not in kept | below]


def note(sentence: str) -> None:
    """One line of the supervisor's log."""
    print(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {sentence}", flush=True)


def main(arguments: list[str]) -> int:
    """Runs a supervisor for the folder named, unless one runs there already."""
    folder = Path(arguments[0])
    if not _lock(folder / LOCK):
        note("another supervisor runs already")
        return 1
    adopt_orphans()
    note(f"supervisor started, pid {os.getpid()}")
    asyncio.run(Supervisor(folder).run())
    return 0


def _lock(path: Path) -> bool:
    """Takes the lock for as long as this process lives. Children don't inherit it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
