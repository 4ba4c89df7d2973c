"""A PostgreSQL for as long as a `with` block, with the services' databases on it: for tests, and to look at a schema.

It is on a Unix socket, so it takes no port, and in a temporary folder of its own. It waits for no disk: nothing in it
is worth keeping. Nobody passes by to vacuum or to gather statistics, so the plan of a statement, and what is read for
it, doesn't depend on when that was. Who connects proves the password with one round of hashing: thousands are for
passwords that somebody may guess, and a third of what a connection costs.
"""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.account import choose_account, open_way
from local.databases import apply, ensure_passwords
from local.last_words import last_words
from local.postgres import SUPERUSER, Postgres, binaries, choose_socket_folder, initialise
from paaskit.migrations import upgrade

# Seconds: a loaded machine needs many times what an idle one does, and only a broken one needs all of it.
_START_PATIENCE = 60
_STOP_PATIENCE = 60


@dataclass(frozen=True)
class Throwaway:
    """The running server, and the folder with the password of each role."""

    postgres: Postgres
    passwords: Path

    def add(self, service: str) -> None:
        """Makes the database of a service with its roles and runs its migrations. Raises LocalFailure."""
        ensure_passwords(self.passwords, [service])
        apply(self.postgres, self.passwords, wanted={service: ""}, upgrade=upgrade)

    def superuser_url(self, database: str) -> str:
        """The URL of the role that row-level security doesn't apply to, without its password."""
        return self.postgres.socket_url(database, user=SUPERUSER)


@contextmanager
def throwaway_postgres() -> Iterator[Throwaway]:
    """A server without any service's database. Raises RuntimeError with its last words where it doesn't start."""
    # Not the caller's own folder: a socket's path has to be short, and PostgreSQL's user has to get there.
    folder = Path(tempfile.mkdtemp(prefix="paas-test-"))
    try:
        account = choose_account(binaries(), folder)
        open_way(account, folder)
        for each in (folder / "postgres", folder / "passwords"):
            each.mkdir(mode=0o700)
        account.give(folder / "postgres")
        socket_folder = choose_socket_folder(folder / "postgres", account)
        postgres = Postgres(folder / "postgres", socket_folder, account, folder / "passwords" / SUPERUSER)
        initialise(postgres)
        process = _start(postgres, log=folder / "log")
        try:
            yield Throwaway(postgres, folder / "passwords")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=_STOP_PATIENCE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(postgres: Postgres, *, log: Path) -> "subprocess.Popen[bytes]":
    part = postgres.part(log)
    command = [*part.command, "-c", "fsync=off", "-c", "autovacuum=off", "-c", "scram_iterations=1"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(part.environment), cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    until = time.monotonic() + _START_PATIENCE
    while not postgres.is_ready():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            process.wait()
            raise RuntimeError(f"PostgreSQL did not start: {last_words(log)}")
        time.sleep(0.02)
    return process
