"""One installation for tests: its stack, the people signed in to it, and the real `paas` run as they would run it.

Everything that `paas` printed is kept, and so is every value that must not turn up anywhere: `Canaries` makes them.
"""

import itertools
import json
import os
import secrets
import signal
import string
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from local.leftovers import SOCKET_FOLDER
from local.ports import HOST, metrics_of, port_of
from local.provisioner import Attachment, attach
from local.signin import Person, cli_environment, issue
from local.stack import Stack
from tests.e2e import forked
from tests.fixtures.waiting import PATIENCE

PAAS = str(Path(sys.executable).with_name("paas"))
PROGRAM = (sys.executable, "-I", "-S", str(Path(__file__).with_name("program.py")))
TENANT = "acme"
_UNTOLD = "SELECT 1 FROM outbox WHERE destination = 'audit' AND parked_reason IS NULL LIMIT 1"
_UNORDERED = "SELECT 1 FROM outbox WHERE destination = 'releaser' AND parked_reason IS NULL LIMIT 1"
_TOLD_WITHIN = 5.0  # seconds, where services are kept from it
_ENDS_OF_RELEASES = (0, 1, 6)  # how a command ends that was allowed to watch one
_ALNUM = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Run:
    """One command that ended: what was asked, how it ended, what it printed."""

    arguments: tuple[str, ...]
    exit_code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def is_pending(self) -> bool:
        """Whether it made a change whose release has no number yet, since releaser was away, or was late."""
        return self.exit_code == 0 and (" release pending: " in self.out or '"release_status": "pending"' in self.out)


@dataclass
class Canaries:
    """Values to look for later. All secrets share one random mark, all config values another."""

    secret_mark: str = field(default_factory=lambda: _random(24))
    config_mark: str = field(default_factory=lambda: _random(24))
    tokens: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def secret(self) -> str:
        """A new value for a secret."""
        return f"{next(self._numbers)}-{self.secret_mark}-end"

    def config(self) -> str:
        """A new value for a config var."""
        return f"{next(self._numbers)}-{self.config_mark}-end"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALNUM) for _ in range(length))


@dataclass
class Paas:
    """`paas` as one person runs it. `environment` is all it gets; `folder` is where it stands."""

    # Not shown where a test fails: it holds the token, and the other two hold values.
    environment: dict[str, str] = field(repr=False)
    folder: Path
    transcript: list[Run] = field(repr=False)
    canaries: Canaries = field(repr=False)
    log_is_told: Callable[[], None] = field(default=lambda: None, repr=False)
    orders_are_told: Callable[[], bool] = field(default=lambda: False, repr=False)

    def __call__(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Run:
        """Run one command to its end. One that asks the audit log is run once that has what happened before.

        One that is told that its release is pending, where nothing but its lateness keeps releaser from it, is gone on
        with as whoever reads that does: once the release is there, it is watched.
        """
        if arguments[:1] == ("audit",):
            self.log_is_told()
        done = forked.run(
            arguments, env={**self.environment, **(env or {})}, cwd=self.folder, stdin=stdin, timeout=PATIENCE
        )
        run = self.keep(Run(arguments, done.returncode, done.stdout.decode(), done.stderr.decode()))
        return self._watched(run, env) if run.is_pending and self.orders_are_told() else run

    def _watched(self, run: Run, env: Mapping[str, str] | None) -> Run:
        """A change and how its release ended, as one command says it that is told the release's number at once.

        Of one that was not to wait for it or may not, or whose answer is a document, only what it said.
        """
        app = _app_of(run.arguments) or {**self.environment, **(env or {})}.get("PAAS_APP")
        if "--no-wait" in run.arguments or app is None:
            return run
        found = self("releases", "-n", "2", "--json", "-a", app, env=env)
        if found.exit_code != 0:
            return run
        newest, *earlier = found.document["releases"]
        # One that failed by now has another after it, which takes it back.
        of_change = next((each for each in earlier if each["revert_release"] == newest["number"]), newest)
        watched = self("releases:watch", f"v{of_change['number']}", "-a", app, env=env)
        if "--json" in run.arguments or watched.exit_code not in _ENDS_OF_RELEASES:
            return run
        return replace(run, exit_code=watched.exit_code, out=run.out + watched.out, err=run.err + watched.err)

    def ok(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Run:
        """Run one command that has to succeed."""
        run = self(*arguments, stdin=stdin, env=env)
        assert run.exit_code == 0, f"{arguments[:2]} ended with {run.exit_code}: {run.err or run.out}"
        return run

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command that will be interrupted or waited for by the test."""
        return subprocess.Popen(
            [PAAS, *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self, process: "subprocess.Popen[str]", *, number: int | None = None) -> Run:
        """Wait for a command that `start` began, after sending it a signal where one is given."""
        if number is not None:
            process.send_signal(number)
        # What came with lines that a test has read is in the stream's own buffer, which `communicate` passes over.
        out = process.stdout.read() if process.stdout is not None else ""
        _, err = process.communicate(timeout=PATIENCE)
        return self.keep(Run(tuple(process.args)[1:], process.returncode, out, err))  # type: ignore[arg-type]

    def keep(self, run: Run) -> Run:
        """Remember what a command printed, and the token it may have made."""
        self.transcript.append(run)
        for line in run.lines:
            if line.startswith("  PAAS_TOKEN="):
                self.canaries.tokens.append(line.partition("=")[2])
        return run

    def as_token(self, token: str) -> "Paas":
        """The same, signed in with another token."""
        return self.with_(PAAS_TOKEN=token)

    def with_(self, **environment: str) -> "Paas":
        """The same with other variables in its environment."""
        return replace(self, environment={**self.environment, **environment})

    def at(self, folder: Path) -> "Paas":
        """The same, standing in another folder."""
        return replace(self, folder=folder)


def _app_of(arguments: tuple[str, ...]) -> str | None:
    """The app that a command names; None where it is the chosen one."""
    if "-a" in arguments:
        return arguments[arguments.index("-a") + 1]
    return arguments[1] if arguments[0] == "apps:create" else None


@dataclass
class Installation:
    """A running stack and what was done to it."""

    stack: Stack
    home: Path
    canaries: Canaries = field(default_factory=Canaries, repr=False)
    transcript: list[Run] = field(default_factory=list, repr=False)
    _names: "itertools.count[int]" = field(default_factory=itertools.count)

    def person(self, user: str = "ada@example.com", *, tenant: str = TENANT, role: str = "admin") -> Paas:
        """`paas` as somebody signed in by the operator."""
        token = issue(self.stack, Person(tenant=tenant, user=user, role=role), lifetime=timedelta(days=1))
        self.canaries.tokens.append(token)
        folder = self.home / f"work {next(self._names)}"
        folder.mkdir(parents=True)
        return self.paas(cli_environment(self.stack, token, home=self.home), folder)

    def paas(self, environment: dict[str, str], folder: Path) -> Paas:
        """`paas` with exactly this environment, in a folder."""
        return Paas(environment, folder, self.transcript, self.canaries, self.log_is_told, self.orders_are_told)

    def log_is_told(self) -> None:
        """Wait until services have told audit what they have for it; not for long where a test keeps them from it."""
        began = time.monotonic()
        with suppress(psycopg.OperationalError):
            for service in ("config", "secrets", "tokens", "releaser"):
                with superuser(self.stack, service) as connection:
                    while connection.execute(_UNTOLD).fetchone():
                        waited = time.monotonic() - began
                        if waited > PATIENCE or (waited > _TOLD_WITHIN and not self._can_tell(service)):
                            return
                        time.sleep(0.02)

    def orders_are_told(self) -> bool:
        """Wait until releaser has all orders of releases that there are; False where a test keeps it from them."""
        began = time.monotonic()
        try:
            for service in ("config", "secrets"):
                with superuser(self.stack, service) as connection:
                    while connection.execute(_UNORDERED).fetchone():
                        if time.monotonic() - began > PATIENCE or not self._can_tell(service, whom="releaser"):
                            return False
                        time.sleep(0.1)
        except psycopg.OperationalError:
            return False
        return True

    def _can_tell(self, service: str, *, whom: str = "audit") -> bool:
        """Whether both run, and the database of the one who is told takes what it is told."""
        running = {part["name"] for part in self.stack.status() if part["pid"]}
        ((read_only,),) = as_superuser(self.stack, whom, "SHOW default_transaction_read_only")
        return {service, whom} <= running and read_only == "off"

    def new_app(self, paas: Paas, *, instances: int = 1) -> Paas:
        """`paas` with a new app chosen; the app runs and is ready."""
        name = f"app-{next(self._names)}"
        created = paas.ok("apps:create", name, "--instances", str(instances), *health(instances), "--", *PROGRAM)
        assert created.lines[0].startswith(f"Created {name} · release ")
        return paas.with_(PAAS_APP=name)

    def attach(self, app: str, value: str, *, tenant: str = TENANT) -> int:
        """Play the add-on that hands the app its DATABASE_URL; the release that causes."""
        return attach(
            self.stack,
            Attachment(
                tenant=tenant, app=app, addon="postgres", name="DATABASE_URL", value=value, display="postgres://..."
            ),
        )


def superuser(stack: Stack, database: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection to a database past everything that protects it."""
    note = stack.layout.run / SOCKET_FOLDER
    folder = note.read_text() if note.exists() else str(stack.layout.pg / "socket")
    password = (stack.layout.passwords / "postgres").read_text().strip()
    return psycopg.connect(host=folder, user="postgres", password=password, dbname=database, autocommit=True)


def as_superuser(stack: Stack, service: str, statement: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
    """Run a statement on a service's database past everything that protects it; its rows."""
    with superuser(stack, service) as connection:
        cursor = connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def health(instances: int) -> tuple[str, ...]:
    """The option for the health check, where anything runs."""
    return ("--health-path", "/health") if instances else ()


def instances(paas: Paas) -> list[dict[str, Any]]:
    """The instances of the chosen app, as `apps:info` tells."""
    found: list[dict[str, Any]] = paas.ok("apps:info", "--json").document["instances"]
    return found


def environments(paas: Paas) -> list[dict[str, str]]:
    """What each instance of the chosen app says it has in its environment."""
    return [fetch(instance["port"])["environment"] for instance in instances(paas)]


def fetch(port: int, path: str = "") -> Any:
    """Ask one instance."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=PATIENCE) as response:
        return json.load(response)


def config_of(paas: Paas) -> dict[str, str]:
    """Names and values that `paas config` shows."""
    return {var["name"]: var["value"] for var in paas.ok("config", "--json").document["vars"]}


def secret_names(paas: Paas) -> list[str]:
    """The names that `paas secrets` shows."""
    return [secret["name"] for secret in paas.ok("secrets", "--json").document["secrets"]]


def releases(paas: Paas) -> list[dict[str, Any]]:
    """The releases of the chosen app, newest first."""
    found: list[dict[str, Any]] = paas.ok("releases", "-n", "1000", "--json").document["releases"]
    return found


def events(paas: Paas, **wanted: object) -> list[dict[str, Any]]:
    """The tenant's audit events with these fields, oldest first."""
    found = paas.ok("audit", "-n", "5000", "--json").document["events"][::-1]
    return [event for event in found if all(event[name] == value for name, value in wanted.items())]


def told(paas: Paas) -> list[str]:
    """The actions on the chosen app that its people are on record for, in order."""
    found = events(paas, app=paas.environment["PAAS_APP"])
    return [event["action"] for event in found if event["actor"].startswith(("user:", "pat:"))]


def eventually(what: Callable[[], object], *, every: float = 0.1) -> Any:
    """Wait until `what` gives something true; that. Raises AssertionError when patience is over.

    `every` is how many seconds lie between two looks. What takes long anyway is looked at seldom: a command is a tenth
    of a second of a processor's time, which others would do something with.
    """
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline, f"not so after {PATIENCE} seconds"
        time.sleep(every)
    return found


def settled(paas: Paas) -> list[dict[str, Any]]:
    """The chosen app's releases once all of them have ended."""

    def ended() -> list[dict[str, Any]]:
        found = releases(paas)
        return found if all(release["finished_at"] for release in found) else []

    return list(eventually(ended))


def pids(paas: Paas) -> set[int]:
    """The processes of the chosen app's instances that are listed as ready and answer."""
    found = set()
    for instance in instances(paas):
        if instance["state"] == "ready":
            with suppress(OSError):
                found.add(int(fetch(instance["port"])["pid"]))
    return found


def pid_of(stack: Stack, part: str) -> int:
    """The process of one part. Raises AssertionError while it has none."""
    found = {entry["name"]: entry["pid"] for entry in stack.status()}
    assert found[part]
    return int(found[part])


def metrics_page(stack: Stack, process: str) -> bytes:
    """What Prometheus would read of one process."""
    address = f"{HOST}:{port_of(metrics_of(process), base_port=stack.base_port)}"
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=PATIENCE) as response:
        return bytes(response.read())


def kill(pid: int) -> None:
    """End one process at once."""
    os.kill(pid, signal.SIGKILL)
