"""What services are started with: every setting that has no default, and keys that stay what they are.

Leaves out the programs themselves (tests/e2e) and PostgreSQL (test_postgres.py).
"""

import os
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from local.account import Account, Kind
from local.certificates import ensure_certificates
from local.composition import KMS_PASSED_ON, SINKS_PASSED_ON, Site, process_environment
from local.databases import ensure_passwords
from local.layout import Layout
from local.ports import PROCESSES, SERVICES, service_of
from local.postgres import Postgres
from local.preparation import ensure_keys
from local.private_files import private_folder
from paaskit.paging import load_pages
from paaskit.settings import SettingsError, load_settings
from services.audit.sinks.settings import SinkSettings
from services.secrets.server import key_management
from services.secrets.settings import Settings as SecretsSettings


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


def told(process: str, layout: Layout) -> dict[str, str]:
    """What the second process of a kind is started with."""
    postgres = Postgres(
        layout.pg, layout.run, Account(Kind.SELF, os.geteuid(), os.getegid()), layout.passwords / "postgres"
    )
    site = Site(layout=layout, base_port=7300, workers=2, postgres=postgres)
    return process_environment(process, site=site, worker=2)


@pytest.fixture(autouse=True)
def nothing_said_of_the_kms_and_sinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever whoever runs the tests has in their environment."""
    for name in (*KMS_PASSED_ON, *SINKS_PASSED_ON):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("process", PROCESSES)
def test_every_setting_of_a_process_is_there(process: str, layout: Layout) -> None:
    service = service_of(process)
    settings = import_module(f"services.{service}.settings").Settings
    loaded = load_settings(settings, told(process, layout))
    assert loaded.page_key_file == layout.page_key(service)
    load_pages(loaded.page_key_file)


def test_keys_are_made_once_and_for_their_owner_alone(layout: Layout) -> None:
    made = {path: path.read_bytes() for path in layout.keys.iterdir()}
    assert len(made) == len(set(made.values())) == 3 + len(SERVICES)
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


def test_a_key_file_keeps_the_keys_unless_somebody_says_who_does(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = {"PAAS_KMS_PROVIDER": "local", "PAAS_KMS_KEY_FILE": str(layout.kms_key)}
    assert file.items() <= told("secrets", layout).items()
    said = {"PAAS_KMS_PROVIDER": "gcp", "PAAS_KMS_KEY_RING": "ring", "PAAS_KMS_ENDPOINT": "127.0.0.1:1"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert said.items() <= told("secrets", layout).items()
    assert "PAAS_KMS_KEY_FILE" not in told("secrets", layout)
    for process in set(PROCESSES) - {"secrets"}:
        assert not [name for name in told(process, layout) if "KMS" in name]


def test_who_keeps_the_keys_is_not_guessed(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key ring without a provider is for secrets to refuse, not for a key file to stand in."""
    monkeypatch.setenv("PAAS_KMS_KEY_RING", "projects/p/locations/l/keyRings/r")
    settings = load_settings(SecretsSettings, told("secrets", layout))
    with pytest.raises(SettingsError, match="PAAS_KMS_PROVIDER is local"):
        key_management(settings)


def test_audit_alone_is_told_where_events_are_sent_as_well(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tuple(f"PAAS_{field.name.upper()}" for field in fields(SinkSettings)) == SINKS_PASSED_ON
    monkeypatch.setenv("PAAS_SINKS", "")
    monkeypatch.setenv("PAAS_SINK_FILE", "/var/log/paas/audit.jsonl")
    for process in PROCESSES:
        found = {name: value for name, value in told(process, layout).items() if "SINK" in name}
        expected = {"PAAS_SINKS": "", "PAAS_SINK_FILE": "/var/log/paas/audit.jsonl"} if process == "audit" else {}
        assert found == expected
