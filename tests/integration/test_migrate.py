"""What runs ahead of new code, on a real PostgreSQL: the migrations of a service, and who waits for them."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from local.databases import owner_of
from local.ports import DATABASES
from paaskit.migrations import is_ready_for
from services.migrations.__main__ import main, wait
from tests.architecture.sources import ROOT
from tests.fixtures.postgres import Databases


def _told(databases: Databases, service: str, monkeypatch: pytest.MonkeyPatch, *, role: str) -> None:
    databases.password_file(service)
    monkeypatch.setenv("PAAS_DATABASE_URL", databases.service_url(service).replace(f"//{service}@", f"//{role}@", 1))
    monkeypatch.setenv("PAAS_DATABASE_PASSWORD_FILE", str(databases.server.passwords / role))


@pytest.mark.parametrize("service", DATABASES)
def test_a_database_is_migrated_again_without_harm_and_its_service_can_tell(
    service: str, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    _told(databases, service, monkeypatch, role=owner_of(service))
    assert main([service]) == 0
    _told(databases, service, monkeypatch, role=service)
    assert main([service, "--wait"]) == 0


def test_a_schema_of_before_is_waited_for_and_a_later_one_is_not(databases: Databases) -> None:
    password = databases.password_file("config").read_text()
    with databases.earlier("config", revision="0003") as earlier:
        url = databases.service_url("config").replace("/config?", f"/{earlier.name}?")
        assert not is_ready_for("config", url, password=password)
        earlier.upgrade()
        assert is_ready_for("config", url, password=password)
        # What code that is newer than this brought.
        earlier.look("UPDATE alembic_version SET version_num = '9999'")
        assert is_ready_for("config", url, password=password)


def test_what_can_t_be_asked_is_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    answers: Iterator[Exception | bool] = iter(
        [psycopg.OperationalError("password=hunter2"), psycopg.OperationalError("x"), False, True]
    )
    slept: list[float] = []

    def is_ready() -> bool:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    wait(is_ready, service="config", sleep=slept.append)
    assert len(slept) == 3
    said = capsys.readouterr().err
    assert said.splitlines() == [
        "config: waiting, its database can't be asked (OperationalError)",
        "config: waiting, its migrations have not run yet",
    ]


def test_a_migration_that_fails_quotes_nothing(databases: Databases) -> None:
    """As the service's own role: it may not change its schema."""
    databases.password_file("config")
    with databases.earlier("config", revision="0003") as earlier:
        url = databases.service_url("config").replace("/config?", f"/{earlier.name}?")
        environment = {
            "PATH": os.defpath,
            "PAAS_DATABASE_URL": url,
            "PAAS_DATABASE_PASSWORD_FILE": str(databases.password_file("config")),
        }
        command = [sys.executable, "-m", "services.migrations", "config"]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "config: The migrations failed with ProgrammingError; they can be run again."
    )
    assert "password" not in ended.stderr


def test_settings_that_lack_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("PAAS_DATABASE_URL", raising=False)
    monkeypatch.delenv("PAAS_DATABASE_PASSWORD_FILE", raising=False)
    assert main(["config"]) == 1
    assert "PAAS_DATABASE_URL is not set." in capsys.readouterr().err
