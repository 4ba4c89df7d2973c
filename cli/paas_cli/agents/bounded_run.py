"""A program that is run for an agent: within a time, its output masked and bounded, and nothing of it left behind.

It leads a session of its own, and all of that is ended with it. Its exit is seen before it is taken note of
(WNOWAIT), so that its number can't be another's when the session is ended.
"""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from anyio import to_thread

from paas_cli.commands.running.masks import Masker
from paas_cli.commands.running.program import Program, refused

_PIECE = 64 * 1024
_KEPT = 24 * 1024  # bytes of the end of each stream
_MOST = 8 * 1024 * 1024
# Seconds that a program has from SIGTERM on, and that its output may be held open by others after it has ended.
GRACE = 2.0
_EXITED = ""


@dataclass(frozen=True)
class Ended:
    """How it ended: its exit code, 128 + n where signal n ended it; and why it was stopped, empty where it was not."""

    exit_code: int
    stopped: str
    out: str
    err: str


async def run(program: Program, *, masker: Callable[[], Masker], folder: str, timeout_seconds: float) -> Ended:
    """Run it to its end. Raises Failure where it can't be started. Ended at once where nobody waits any more."""
    running = _Running(program, masker, folder)
    try:
        return await to_thread.run_sync(running.wait, timeout_seconds, abandon_on_cancel=True)
    finally:
        running.signal(signal.SIGKILL)


class _Running:
    """One program and what it writes."""

    def __init__(self, program: Program, masker: Callable[[], Masker], folder: str) -> None:
        try:
            self._process = subprocess.Popen(
                list(program.arguments),
                executable=program.path,
                env=dict(program.environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise refused(program, error) from None
        self._is_there = threading.Lock()  # held while its number is surely its own
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._streams = [_End(each, masker(), self._news) for each in (self._process.stdout, self._process.stderr)]
        threading.Thread(target=self._watch, daemon=True).start()

    def wait(self, timeout_seconds: float) -> Ended:
        """Wait for its end, or bring it about."""
        try:
            stopped = self._news.get(timeout=timeout_seconds)
        except queue.Empty:
            stopped = f"it ran for more than {timeout_seconds:g} seconds"
        if stopped:
            self.signal(signal.SIGTERM)
            with suppress(queue.Empty):
                while self._news.get(timeout=GRACE) != _EXITED:
                    pass
        else:
            for each in self._streams:
                each.join(GRACE)
        self.signal(signal.SIGKILL)
        for each in self._streams:
            each.join(GRACE)
        with self._is_there:
            code = self._process.wait()
        out, err = (each.text() for each in self._streams)
        return Ended(code if code >= 0 else 128 - code, stopped, out, err)

    def signal(self, number: int) -> None:
        """Send a signal to all of its session, unless that is over."""
        with self._is_there, suppress(ProcessLookupError, PermissionError):
            if self._process.returncode is None:
                os.killpg(self._process.pid, number)

    def _watch(self) -> None:
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        self._news.put(_EXITED)


class _End:
    """The end of one stream, masked."""

    def __init__(self, stream: IO[bytes], masker: Masker, news: "queue.SimpleQueue[str]") -> None:
        self._stream, self._masker, self._news = stream, masker, news
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait until nobody writes any more."""
        self._thread.join(seconds)

    def text(self) -> str:
        """What is kept, without a character that was cut in two."""
        return bytes(self._kept[-_KEPT:]).decode("utf-8", "ignore")

    def _follow(self) -> None:
        read = 0
        with self._stream:
            while piece := os.read(self._stream.fileno(), _PIECE):
                if read > _MOST:  # it is being ended; what it still writes goes nowhere
                    continue
                read += len(piece)
                self._keep(self._masker.feed(piece))
                if read > _MOST:
                    self._news.put(f"it wrote more than {_MOST // 1024 // 1024} MiB")
        self._keep(self._masker.end())

    def _keep(self, data: bytes) -> None:
        self._kept += data
        del self._kept[:-_KEPT]
