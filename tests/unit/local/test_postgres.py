"""The stack's own PostgreSQL: as whom it runs, who gets in, what its log may hold, what is done again.

Starts the real one. Leaves out the services' migrations, which are replaced by one table here.
"""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from local import account, databases
from local.account import Account, Kind
from local.failures import LocalFailure
from local.layout import Layout
from local.postgres import SOCKET_PATH_LIMIT, Postgres
from local.preparation import prepare
from tests.fixtures.waiting import PATIENCE
from tests.unit.local.stand_ins import until

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as somebody else")
NOW = datetime.now(UTC)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others can enter. pytest's own can't be, and another pytest would close it again."""
    folder = Path(tempfile.mkdtemp(prefix="paas test "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def running(layout: Layout) -> Iterator[Postgres]:
    cluster = prepare(layout, now=NOW)
    part = cluster.part(layout.log("postgres"))
    with part.log.open("ab") as log:
        process = subprocess.Popen(part.command, env=dict(part.environment), stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or cluster.is_ready())
        assert process.poll() is None, part.log.read_text()
        yield cluster
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        if not cluster.socket_folder.is_relative_to(layout.root):
            cluster.socket_folder.rmdir()


def _upgrade(service: str, url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (name text PRIMARY KEY)")
        connection.execute(f"GRANT SELECT, INSERT ON kept TO {service}".encode())


def _apply(cluster: Postgres, layout: Layout) -> dict[str, str]:
    wanted = databases.wanted_state({each: Path("sources") / each for each in ("config", "secrets")}, layout.passwords)
    databases.apply(cluster, layout.passwords, wanted=wanted, upgrade=_upgrade)
    return wanted


def _connect(
    cluster: Postgres, layout: Layout, user: str, *, database: str | None = None, password: str | None = None
) -> psycopg.Connection[tuple[object, ...]]:
    known = (layout.passwords / user).read_text()
    url = cluster.socket_url(database or user, user=user)
    return psycopg.connect(url, password=password or known, autocommit=True)


def _ways() -> list[object]:
    here = pytest.param(0o755, None, id="nobody or the user itself")
    closed = pytest.param(0o700, Kind.NAMESPACE, id="a private folder", marks=AS_ROOT)
    return [here, closed]


@pytest.mark.parametrize(("mode", "kind"), _ways())
def test_it_keeps_its_data_and_lets_in_only_whom_it_should(place: Path, mode: int, kind: Kind | None) -> None:
    place.chmod(mode)
    layout = Layout(place / "s")
    with running(layout) as cluster:
        assert cluster.account.kind is (kind or cluster.account.kind)
        wanted = _apply(cluster, layout)
        assert databases.is_applied(cluster, wanted)
        with _connect(cluster, layout, "config") as connection:
            connection.execute("INSERT INTO kept VALUES ('planted-value')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO kept VALUES ('planted-value')")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE mine (id int)")
        for database, password in (("secrets", None), ("postgres", None), ("template1", None), ("config", "wrong")):
            with pytest.raises(psycopg.OperationalError):
                _connect(cluster, layout, "config", database=database, password=password)
    with running(layout) as cluster, _connect(cluster, layout, "config") as connection:
        assert connection.execute("SELECT name FROM kept").fetchall() == [("planted-value",)]
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert "planted-value" not in layout.log("postgres").read_text()
    assert stat.S_IMODE(layout.pg.stat().st_mode) == 0o700
    # Others pass through where they pass through what is above.
    assert stat.S_IMODE(layout.root.stat().st_mode) == (0o711 if cluster.account.kind is Kind.NOBODY else 0o700)


@AS_ROOT
def test_a_folder_that_was_opened_or_closed_since_changes_hands(place: Path) -> None:
    layout = Layout(place / "s")
    for mode, kind in ((0o700, Kind.NAMESPACE), (0o755, Kind.NOBODY), (0o700, Kind.NAMESPACE)):
        place.chmod(mode)
        with running(layout) as cluster:
            assert cluster.account.kind is kind
            _apply(cluster, layout)
            owners = {path.stat().st_uid for path in cluster.data.iterdir()}
            assert owners == {cluster.account.uid}


def test_a_long_path_gets_a_short_folder_for_its_socket(tmp_path: Path) -> None:
    layout = Layout(tmp_path / ("x" * SOCKET_PATH_LIMIT))
    with running(layout) as cluster:
        assert not cluster.socket_folder.is_relative_to(layout.root)
        assert stat.S_IMODE(cluster.socket_folder.stat().st_mode) == 0o700
        _apply(cluster, layout)


def test_new_passwords_and_new_migrations_are_applied(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "s")
    migrations = tmp_path / "sources" / "config" / "migrations"
    migrations.mkdir(parents=True)
    prepare(layout, now=NOW)
    before = databases.wanted_state({"config": migrations}, layout.passwords)
    (migrations / "0001.py").write_text("one")
    after = databases.wanted_state({"config": migrations}, layout.passwords)
    assert after != before
    (layout.passwords / "config").write_text("another")
    assert databases.wanted_state({"config": migrations}, layout.passwords) != after


def test_a_lost_superuser_password_is_told_in_one_sentence(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "s")
    prepare(layout, now=NOW)
    (layout.passwords / "postgres").unlink()
    with pytest.raises(LocalFailure, match="passwords/postgres is missing"):
        prepare(layout, now=NOW)


def test_a_failed_migration_names_the_service_and_quotes_nothing(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "s")

    def fail(service: str, url: str) -> None:
        raise ValueError(url)

    with running(layout) as cluster:
        wanted = {"config": "x"}
        with pytest.raises(LocalFailure) as caught:
            databases.apply(cluster, layout.passwords, wanted=wanted, upgrade=fail)
        assert str(caught.value) == "The migrations of config failed: ValueError."
        assert not databases.is_applied(cluster, wanted)


def test_the_lock_file_of_a_dead_server_does_not_stop_the_next(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "s")
    cluster = prepare(layout, now=NOW)
    # The pid of something that lives, as after a restart of the machine.
    lines = [str(os.getpid()), str(cluster.data), "1", "5432", str(cluster.socket_folder), "", "1 1", "ready"]
    (cluster.data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    with running(layout) as cluster, _connect_superuser(cluster) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@AS_ROOT
def test_where_nothing_works_the_sentence_names_the_closed_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_namespaces(self: Account, program: list[str], *, parent_death: int = 0) -> list[str]:
        return ["/bin/false"]

    monkeypatch.setattr(Account, "command", no_namespaces)
    tmp_path.chmod(0o700)
    with pytest.raises(LocalFailure, match=f"{tmp_path}|{tmp_path.parent.parent}"):
        account.choose_account(Path("/"), tmp_path / "s")


def _connect_superuser(cluster: Postgres) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(cluster.socket_url("postgres", user="postgres"), password=cluster.password())
