"""One stack on this machine: start it, stop it, stop and start one part of it, ask how it is.

Tests use it as well, with a folder and ports of their own:

    stack = Stack(tmp_path / "state", base_port=free_base_port())
    stack.start()
    stack.stop_part("audit"); stack.start_part("audit"); stack.kill_part("config")
    stack.stop()
"""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.routes.dashboard import PREFIX
from gateway.upstreams import UNHEALTHY_INTERVAL
from local import composition, control, databases, leftovers, postgres
from local.composition import Site, worker_name
from local.failures import LocalFailure
from local.last_words import last_words
from local.layout import CLONE, Layout
from local.parts import Part
from local.ports import DASHBOARD, DEFAULT_BASE_PORT, GATEWAY, HOST, MOST_WORKERS, PROCESSES, port_of, require_free
from local.postgres import Postgres
from local.preparation import prepare
from local.private_files import write_private
from local.readiness import Question, all_questions, until_ready
from local.record import read_record
from local.supervisor import RECORD
from machine.processes import wait_gone

# Seconds until every part must be ready; the first start makes the databases before.
PATIENCE = 60.0
# Seconds until the gateway has looked once more at what was not ready, and at what it lost. Nobody can ask it.
_SEEN_AFTER = 2 * UNHEALTHY_INTERVAL
_SEEN_AGAIN_AFTER = 1.5
NOT_RUNNING = "The stack does not run: start it with `make up`."
STOP_TIMEOUT = 90.0
BASE_PORT = "base-port"
WORKERS = "workers"


def running_port(layout: Layout) -> int | None:
    """The base port that the stack was started with last, None where it never was."""
    return _noted(layout, BASE_PORT)


def running_workers(layout: Layout) -> int | None:
    """How many processes each service has in the stack that was started last, None where none ever was."""
    return _noted(layout, WORKERS)


def _noted(layout: Layout, name: str) -> int | None:
    try:
        return int((layout.run / name).read_bytes())
    except (OSError, ValueError):
        return None


class Stack:
    """The stack whose state is under `root` and whose gateway listens on `base_port` of 127.0.0.1.

    Of each service, and of the sign-in check, there are `workers` processes. Apps run in the cluster of `kubeconfig`;
    without one, on this machine.
    """

    def __init__(
        self, root: Path, *, base_port: int = DEFAULT_BASE_PORT, workers: int = 1, kubeconfig: Path | None = None
    ) -> None:
        if not 1 <= workers <= MOST_WORKERS:
            raise LocalFailure(f"A service has from 1 to {MOST_WORKERS} processes on one machine, not {workers}.")
        self.layout = Layout(root.absolute())
        self.base_port = base_port
        self.workers = workers
        self.kubeconfig = kubeconfig.absolute() if kubeconfig else None

    @property
    def processes(self) -> dict[str, tuple[str, int]]:
        """The parts that are a process of a service: their names, each with its kind (`PROCESSES`) and number."""
        numbers = range(1, self.workers + 1)
        return {worker_name(process, worker): (process, worker) for worker in numbers for process in PROCESSES}

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of everything that runs."""
        return ("postgres", *self.processes, DASHBOARD, GATEWAY)

    @property
    def dashboard_url(self) -> str:
        """Where people find the pages."""
        return f"{self.gateway_url}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Where clients connect."""
        return f"http://{HOST}:{port_of(GATEWAY, base_port=self.base_port)}"

    def start(self, *, say: Callable[[str], None] = lambda _: None) -> bool:
        """Starts everything and waits until it is ready; False where it runs already.

        Raises LocalFailure after stopping whatever it had started.
        """
        with self._one_starter():
            if self.is_running():
                if (port := running_port(self.layout)) != self.base_port:
                    raise LocalFailure(
                        f"The stack runs already, its gateway on port {port}: add PORT={port}, or `make stop` first."
                    )
                return False
            leftovers.clean(self.layout)
            require_free(self.base_port, workers=self.workers)
            if not (self.layout.pg / "data").exists():
                say("making the database cluster")
            try:
                cluster = prepare(self.layout, now=datetime.now(UTC))
                write_private(self.layout.run / BASE_PORT, str(self.base_port).encode())
                write_private(self.layout.run / WORKERS, str(self.workers).encode())
                attendance = self._start_supervisor()
            except BaseException:
                leftovers.clean(self.layout)
                raise
            try:
                self._start_parts(attendance, cluster, say)
                attendance.request({"do": "keep"})
            except ConnectionError:
                words = last_words(self.layout.log("supervisor"))
                raise LocalFailure(f"The supervisor ended: {words} ({self.layout.log('supervisor')})") from None
            finally:
                # Before `keep`, this is what makes the supervisor stop everything.
                attendance.close()
                if not self._kept():
                    self.stop()
        return True

    def stop(self) -> bool:
        """Stops everything, app instances included, also where the supervisor was killed. False if nothing ran."""
        if not self.layout.run.is_dir():
            return False
        record = read_record(self.layout.run / RECORD)
        answered = control.ask(self.layout.run, {"do": "down"}, timeout=STOP_TIMEOUT) is not None
        if answered and record is not None:
            # It has nothing left to do; a loaded machine lets it end when it can.
            wait_gone([record.supervisor], timeout=STOP_TIMEOUT)
        return leftovers.clean(self.layout) or answered

    def is_running(self) -> bool:
        """Whether a supervisor runs for this stack."""
        return self.layout.run.is_dir() and control.ask(self.layout.run, {"do": "status"}) is not None

    def require_running(self) -> None:
        """Raises LocalFailure saying how to start it."""
        if not self.is_running():
            raise LocalFailure(NOT_RUNNING)

    def status(self) -> list[dict[str, Any]]:
        """Every part as the supervisor sees it: name, state, pid, restarts, seconds, log. Empty if it isn't up."""
        answer = control.ask(self.layout.run, {"do": "status"}) if self.layout.run.is_dir() else None
        return list(answer["parts"]) if answer else []

    def stop_part(self, name: str) -> None:
        """Stops one part and leaves it stopped."""
        self._ask_about(name, {"do": "stop"})

    def start_part(self, name: str) -> None:
        """Starts one part and waits until it is ready, and the gateway has seen it."""
        self._ask_about(name, {"do": "start"})
        self.wait_ready([name])
        time.sleep(_SEEN_AGAIN_AFTER)

    def kill_part(self, name: str, number: int = signal.SIGKILL) -> None:
        """Sends one part's process a signal, as a fault would. The supervisor starts it again if it dies."""
        self._ask_about(name, {"do": "kill", "signal": int(number)})

    def wait_ready(self, names: Sequence[str] = (), *, patience: float = PATIENCE) -> None:
        """Waits until the parts named, or all, do their work. Raises LocalFailure naming those that don't."""
        names = names or self.parts
        questions = {name: question for name, question in self._questions().items() if name in names}
        late = asyncio.run(until_ready(questions, patience=patience, check=lambda: None))
        self._require_none_late(late, patience)

    def _questions(self) -> dict[str, Question]:
        async def ask_postgres() -> bool:
            return postgres.is_ready(self.layout.pg)

        return {"postgres": ask_postgres} | all_questions(self.processes, base_port=self.base_port, tls=self.layout.tls)

    def _require_none_late(self, late: list[str], patience: float) -> None:
        if late:
            logs = ", ".join(str(self.layout.log(name)) for name in late)
            raise LocalFailure(f"Not ready after {patience:.0f} seconds: {', '.join(late)}. See {logs}.")

    def _start_supervisor(self) -> control.Attendance:
        with Path(self.layout.log("supervisor")).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "local.supervisor", str(self.layout.run)],
                cwd=CLONE,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while (client := control.connect(self.layout.run)) is None:
            if process.poll() is not None:
                words = last_words(self.layout.log("supervisor"))
                raise LocalFailure(f"The supervisor did not start: {words} ({self.layout.log('supervisor')})")
            time.sleep(0.01)
        # It outlives this process on purpose; Popen need not warn about it.
        process.returncode = 0
        attendance = control.Attendance(client)
        attendance.request({"do": "attend"})
        return attendance

    def _start_parts(self, attendance: control.Attendance, cluster: Postgres, say: Callable[[str], None]) -> None:
        wanted = databases.wanted_state(databases.migrations_in(CLONE), self.layout.passwords)
        self._run(attendance, cluster.part(self.layout.log("postgres"), workers=self.workers))
        if not databases.is_applied(cluster, wanted):
            self._wait(attendance, ["postgres"])
            say("bringing the databases to their newest schema")
            from paaskit.migrations import upgrade

            databases.apply(cluster, self.layout.passwords, wanted=wanted, upgrade=upgrade)
        each = f", {self.workers} processes each," if self.workers > 1 else ","
        say(f"starting PostgreSQL, five services{each} the dashboard and the gateway")
        site = Site(
            layout=self.layout,
            base_port=self.base_port,
            workers=self.workers,
            postgres=cluster,
            kubeconfig=self.kubeconfig,
        )
        for process, worker in self.processes.values():
            self._run(attendance, composition.process_part(process, site=site, worker=worker))
        self._run(attendance, composition.dashboard_part(site=site))
        self._run(attendance, composition.gateway_part(site=site))
        self._wait(attendance, self.parts)
        time.sleep(_SEEN_AFTER)

    def _run(self, attendance: control.Attendance, part: Part) -> None:
        answer = attendance.request({"do": "run", "part": part.to_json()})
        if "error" in answer:
            raise LocalFailure(f"{part.name} did not start: {answer['error']}.")

    def _wait(self, attendance: control.Attendance, names: Sequence[str]) -> None:
        def check() -> None:
            if (exited := attendance.take_exit()) is not None:
                name = str(exited["exited"])
                log = self.layout.log(name)
                raise LocalFailure(f"{name} ended while it was starting: {last_words(log)} (its log: {log})")

        questions = {name: question for name, question in self._questions().items() if name in names}
        self._require_none_late(asyncio.run(until_ready(questions, patience=PATIENCE, check=check)), PATIENCE)

    def _kept(self) -> bool:
        answer = control.ask(self.layout.run, {"do": "status"})
        return bool(answer and answer["kept"])

    def _ask_about(self, name: str, request: dict[str, Any]) -> None:
        if name not in self.parts:
            raise LocalFailure(f"There is no part {name}: choose one of {', '.join(self.parts)}.")
        answer = control.ask(self.layout.run, {**request, "name": name}) if self.layout.run.is_dir() else None
        if answer is None:
            raise LocalFailure(NOT_RUNNING)
        if "error" in answer:
            raise LocalFailure(f"{name}: {answer['error']}.")

    @contextmanager
    def _one_starter(self) -> Iterator[None]:
        """Holds a lock so that two starts at once don't get in each other's way."""
        try:
            self.layout.root.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.layout.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise LocalFailure(f"{self.layout.root} can't be written: {reason}. Give it to this user.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalFailure("Another start of this stack is under way: wait for it.") from None
        else:
            yield
        finally:
            os.close(lock)
