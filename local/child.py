"""One part as the supervisor sees it: running, stopped on purpose, or to be started again after a pause."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from local.parts import Part
from local.record import Recorded
from machine.kinship import dying_with_parent
from machine.processes import ProcessId, identify, send

# Seconds before a part that died is started again: doubled each time, from the first to the longest.
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
# Seconds after which a part that dies counts as having been well.
WELL_AFTER = 10.0


class Child:
    """A part and its process, if it has one."""

    def __init__(self, part: Part, on_change: Callable[[], None]) -> None:
        self.part = part
        self._on_change = on_change
        self._process: subprocess.Popen[bytes] | None = None
        self._id: ProcessId | None = None
        self._wanted = False
        self._pause = FIRST_PAUSE
        self._started = 0.0
        self._restarts = 0
        self._gone = asyncio.Event()
        self._gone.set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The process's pid while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts it unless it runs. Raises OSError where its program or its log can't be opened."""
        self._wanted = True
        self._cancel_timer()
        if self._process is not None:
            return
        with open(self.part.log, "ab", opener=_private) as log:
            self._process = subprocess.Popen(
                self.part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.part.environment),
                # A Ctrl-C at the terminal is for the starter; each part is told to stop in its turn.
                process_group=0,
                preexec_fn=dying_with_parent(self.part.stop_signal),  # noqa: PLW1509 - this process has one thread
            )
        self._id = identify(self._process.pid)
        self._started = time.monotonic()
        self._gone.clear()
        self._on_change()

    async def stop(self) -> None:
        """Stops it, waits until it is gone, and leaves it stopped. SIGKILL after its grace time."""
        self._wanted = False
        self._cancel_timer()
        self.kill(self.part.stop_signal)
        try:
            async with asyncio.timeout(self.part.grace):
                await self._gone.wait()
        except TimeoutError:
            self.kill(signal.SIGKILL)
            await self._gone.wait()

    def kill(self, number: int) -> None:
        """Sends its process a signal, if it runs."""
        if self._id is not None:
            send(self._id, number)

    def exited(self, code: int) -> bool:
        """Notes that its process has ended; whether that was on purpose."""
        assert self._process is not None
        # Told to Popen, which would otherwise ask for the status of whoever has this pid next.
        self._process.returncode = code
        self._process = self._id = None
        self._gone.set()
        return not self._wanted

    def restart_later(self, loop: asyncio.AbstractEventLoop) -> float:
        """Starts it again after a pause; the pause in seconds."""
        if time.monotonic() - self._started > WELL_AFTER:
            self._pause = FIRST_PAUSE
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        self._timer = loop.call_later(pause, self._restart, loop)
        return pause

    def _restart(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        self._restarts += 1
        try:
            self.start()
        except OSError:
            self.restart_later(loop)

    def describe(self) -> dict[str, Any]:
        """Its state for `status`."""
        state = "running" if self._process else ("restarting" if self._wanted else "stopped")
        return {
            "name": self.part.name,
            "state": state,
            "pid": self.pid,
            "restarts": self._restarts,
            "seconds": time.monotonic() - self._started if self._process else None,
            "log": str(self.part.log),
        }

    def recorded(self) -> Recorded | None:
        """Its process for the record, while it has one."""
        if self._id is None:
            return None
        return Recorded(self.part.name, self._id, self.part.tier, self.part.stop_signal, self.part.grace)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
