"""`python -m services.audit.retention`, as an operator or a CronJob runs it: what it needs, does, and says.

Leaves out what it does to logs (test_job.py, test_months.py).
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.fixtures.postgres import Databases, Earlier


@pytest.fixture(scope="module")
def migrated(databases: Databases) -> Iterator[Earlier]:
    """A database of audit, as migrations leave it."""
    with databases.earlier("audit", revision="head") as earlier:
        yield earlier


def run(database: Earlier, folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    told = {
        "PATH": os.environ["PATH"],
        "PAAS_DATABASE_URL": database.owner_url,
        "PAAS_DATABASE_PASSWORD_FILE": str(database.password_file("audit_owner")),
        "PAAS_LOG_FOLDER": str(folder),
        **settings,
    }
    command = [sys.executable, "-m", "services.audit.retention"]
    return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)


def test_it_makes_months_and_drops_what_is_over(migrated: Earlier, tmp_path: Path) -> None:
    """Nothing that there is is over, however short a time it is kept."""
    before = migrated.look("SELECT since, until FROM periods")
    done = run(migrated, tmp_path, PAAS_AUDIT_RETENTION="30d")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(before) <= set(migrated.look("SELECT since, until FROM periods"))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PAAS_AUDIT_RETENTION": "7d"}, "audit: PAAS_AUDIT_RETENTION: say how many days events are kept"),
        ({"PAAS_LOG_FOLDER": ""}, "PAAS_LOG_FOLDER is not set"),
    ],
)
def test_what_it_can_not_use_is_named(migrated: Earlier, tmp_path: Path, settings: dict[str, str], says: str) -> None:
    done = run(migrated, tmp_path, **settings)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_service_s_own_role_can_not_do_it(migrated: Earlier, tmp_path: Path) -> None:
    url = migrated.owner_url.replace("audit_owner@", "audit@")
    done = run(
        migrated, tmp_path, PAAS_DATABASE_URL=url, PAAS_DATABASE_PASSWORD_FILE=str(migrated.password_file("audit"))
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "audit: The database could not do it (InsufficientPrivilege); it can be run again.\n"
