"""One process of an app: started with a clean environment, waited for until it is ready or has ended.

Must not decide which process should run: that is `instances`.
"""

import asyncio
import subprocess
from pathlib import Path
from typing import Final

from services.releaser import processes
from services.releaser.health import until_healthy
from services.releaser.instance_file import RecordedProcess, home_of, log_of, make_private, marks_of
from services.releaser.processes import ProcessId
from services.releaser.runtime import ApplyFailed, Deployment

PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_ALIVE_SECONDS: Final = 2.0
"""How long a program without a health check has to stay alive to count as ready."""


class Process:
    """One process of an app; `child` is set where this releaser started it."""

    def __init__(self, record: RecordedProcess, *, child: "subprocess.Popen[bytes] | None" = None) -> None:
        self.index = record.index
        self.release = record.release
        self.port = record.port
        self.state = record.state
        self.since = record.since
        self.health_path = record.health_path
        self.id = ProcessId(record.pid, record.started)
        self.child = child
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
        )

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

    def why_not_ready(self, limit: float) -> str:
        """Return what to say of a process that `becomes_ready` denied."""
        if not self.ended.is_set():
            return f"did not answer on {self.health_path} within {limit:g} seconds"
        code = None if self.child is None else self.child.returncode
        if code is None:
            return "ended before it was ready"
        return f"exited with code {code} before it was ready" if code >= 0 else f"was ended by signal {-code}"


def start_process(planned: RecordedProcess, deployment: Deployment, folder: Path) -> Process:
    """Start an instance's program with its release's variables and ours. Raises ApplyFailed."""
    command, index = deployment.spec.command, planned.index
    failed = f"Instance {index} could not be started:"
    environment = {name: value.reveal() for name, value in deployment.variables.items()}
    environment |= {"PATH": PATH, "PORT": str(planned.port), "PAAS_APP": deployment.app}
    environment |= marks_of(folder, index, deployment.release)
    log = log_of(folder, index)
    try:
        for needed in (home_of(folder, index), log.parent):
            make_private(needed)
        identity, child = processes.start(command, environment, log=log)
    except FileNotFoundError:
        raise ApplyFailed(f"{failed} there is no program {command[0]}.") from None
    except PermissionError:
        raise ApplyFailed(f"{failed} {command[0]} is not executable.") from None
    except (OSError, ValueError):
        # Their texts can quote the environment.
        raise ApplyFailed(f"{failed} the system refused {command[0]}.") from None
    process = Process(planned, child=child)
    process.id = identity
    return process
