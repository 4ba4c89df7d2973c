"""What services are started with: every setting that has no default, and keys that stay what they are.

Leaves out the programs themselves (tests/e2e) and PostgreSQL (test_postgres.py).
"""

import os
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from local.account import Account, Kind
from local.certificates import ensure_certificates
from local.composition import service_environment
from local.databases import ensure_passwords
from local.layout import Layout
from local.ports import SERVICES
from local.postgres import Postgres
from local.preparation import ensure_keys
from local.private_files import private_folder
from paaskit.paging import load_pages
from paaskit.settings import load_settings


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A state folder with everything that services read when they start."""
    layout = Layout(tmp_path)
    for folder in layout.folders():
        private_folder(folder)
    ensure_certificates(layout.tls, SERVICES, now=datetime.now(UTC))
    ensure_passwords(layout.passwords, SERVICES)
    ensure_keys(layout)
    return layout


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_of_a_service_is_there(service: str, layout: Layout) -> None:
    settings = import_module(f"services.{service}.settings").Settings
    postgres = Postgres(
        layout.pg, layout.run, Account(Kind.SELF, os.geteuid(), os.getegid()), layout.passwords / "postgres"
    )
    environment = service_environment(service, layout=layout, base_port=7300, postgres=postgres)
    loaded = load_settings(settings, environment)
    assert loaded.page_key_file == layout.page_key(service)
    load_pages(loaded.page_key_file)


def test_keys_are_made_once_and_for_their_owner_alone(layout: Layout) -> None:
    made = {path: path.read_bytes() for path in layout.keys.iterdir()}
    assert len(made) == len(set(made.values())) == 2 + len(SERVICES)
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    ensure_keys(layout)
    assert {path: path.read_bytes() for path in layout.keys.iterdir()} == made


def test_a_state_folder_of_before_gets_the_keys_it_lacks(layout: Layout) -> None:
    kept = {path: path.read_bytes() for path in (layout.kms_key, layout.signing_key)}
    for service in SERVICES:
        layout.page_key(service).unlink()
    ensure_keys(layout)
    assert all(layout.page_key(service).exists() for service in SERVICES)
    assert {path: path.read_bytes() for path in kept} == kept
