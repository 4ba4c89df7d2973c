"""One process of an app: started with a clean environment, waited for until it is ready or has ended.

Must not decide which process should run: that is `instances`.
"""

import asyncio
import errno
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from machine.processes import ProcessId
from services.releaser.runtimes.local.confinement.accounts import give
from services.releaser.runtimes.local.confinement.launch import Confinement, Job, launch
from services.releaser.runtimes.local.health import until_healthy
from services.releaser.runtimes.local.record import RecordedProcess, home_of, log_of, make_private, marks_of, size_of
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease, platform_variables

PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_ALIVE_SECONDS: Final = 2.0
"""How long a program without a health check has to stay alive to count as ready."""


class Process:
    """One instance of an app, by its keeper; `child` and `report` are set where this releaser started it."""

    def __init__(
        self, record: RecordedProcess, *, child: "subprocess.Popen[bytes] | None" = None, report: int | None = None
    ) -> None:
        self.index = record.index
        self.release = record.release
        self.port = record.port
        self.state = record.state
        self.since = record.since
        self.health_path = record.health_path
        self.id = ProcessId(record.pid, record.started)
        self.token = record.token
        self.group = record.group
        self.child = child
        # How long its log was when it started; not known of one that another releaser started.
        self.log_start: int | None = None
        self._report = report
        self._not_started = ""
        self.ended = asyncio.Event()

    def record(self) -> RecordedProcess:
        """Return what is written down of it."""
        return RecordedProcess(
            index=self.index,
            release=self.release,
            port=self.port,
            state=self.state,
            since=self.since,
            health_path=self.health_path,
            pid=self.id.pid,
            started=self.id.started,
            token=self.token,
            group=self.group,
        )

    def hear_out(self) -> None:
        """Take what its keeper said of the start, once that has ended, and what the system keeps of a child."""
        if self.child is not None:
            self.child.wait()
        if self._report is not None:
            with suppress(BlockingIOError):  # a child whose keeper was killed has it open for a moment more
                self._not_started = os.read(self._report, 100).decode()
            self.let_go()

    def let_go(self) -> None:
        """Close what is open of it here; it goes on."""
        if self._report is not None:
            os.close(self._report)
            self._report = None

    async def becomes_ready(self, limit: float) -> bool:
        """Whether it answers its health check within `limit` seconds or, without one, stays alive for two."""
        ended = asyncio.ensure_future(self.ended.wait())
        try:
            if not self.health_path:
                return not (await asyncio.wait({ended}, timeout=_ALIVE_SECONDS))[0]
            healthy = asyncio.ensure_future(until_healthy(self.port, self.health_path))
            try:
                await asyncio.wait({ended, healthy}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
                return healthy.done() and not ended.done()
            finally:
                healthy.cancel()
        finally:
            ended.cancel()

    def why_not_ready(self, limit: float, *, program: str, log: Path) -> str:
        """Return the sentence that says of a process what `becomes_ready` denied."""
        if self._not_started:
            return f"{_failed(self.index)} {_reason(self._not_started, program)}"
        return f"Instance {self.index} {self._outcome(limit)}; its log is {log}."

    def _outcome(self, limit: float) -> str:
        if not self.ended.is_set():
            return f"did not answer on {self.health_path} within {limit:g} seconds"
        code = None if self.child is None else self.child.returncode
        if code is None:
            return "ended before it was ready"
        return f"exited with code {code} before it was ready" if code >= 0 else f"was ended by signal {-code}"


def start_process(
    planned: RecordedProcess, desired: DesiredRelease, folder: Path, *, user: int, confinement: Confinement
) -> Process:
    """Start an instance's program with its release's variables and ours. Raises ApplyFailed."""
    index = planned.index
    environment = {name: value.reveal() for name, value in desired.variables.items()}
    environment |= {"PATH": PATH} | platform_variables(desired, index=index, port=planned.port)
    environment |= marks_of(folder, index, desired.release)
    home, log = home_of(folder, index), log_of(folder, index)
    job = Job(command=desired.spec.command, environment=environment, user=user, home=home, log=log)
    try:
        for needed in (home, log.parent):
            make_private(needed)
        give(home, user)
        log_start = size_of(log)
        launched = launch(job, confinement, token=planned.token, group=planned.group)
    except OSError:
        # Its text can quote the environment.
        raise ApplyFailed(f"{_failed(index)} the system refused {job.command[0]}.") from None
    process = Process(planned, child=launched.child, report=launched.report)
    process.log_start = log_start
    process.id = launched.id
    return process


def _failed(index: int) -> str:
    return f"Instance {index} could not be started:"


def _reason(said: str, program: str) -> str:
    """Return the end of a sentence for what a keeper reports: what it was at, and an error number."""
    step, _, number = said.partition(" ")
    match step, int(number or "0"):
        case "execute", errno.ENOENT | errno.ENOTDIR:
            return f"there is no program {program}."
        case "execute", errno.EACCES:
            return f"{program} is not executable."
        case "prepare", errno.EPERM | errno.EACCES:
            return (
                "this system lets releaser give no program a user of its own, or the way to its folders; run the "
                "stack as another user than root, or in a folder that others can enter."
            )
    return f"the system refused {program}."
