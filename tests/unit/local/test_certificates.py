"""The stack's certificates: names, modes, renewal. Leaves out TLS itself: the gateway's tests use them for real."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from local.certificates import LEAF_LIFETIME, ensure_certificates

NOW = datetime(2026, 5, 1, tzinfo=UTC)
NAMES = ["config", "gateway"]


def _leaf(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


def test_each_leaf_has_its_two_names_and_comes_from_the_ca(tmp_path: Path) -> None:
    assert ensure_certificates(tmp_path / "tls", NAMES, now=NOW) == ["ca", *NAMES]
    leaf = _leaf(tmp_path / "tls", "config")
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://paas/config"]
    assert names.get_values_for_type(x509.DNSName) == ["config.paas.internal"]
    leaf.verify_directly_issued_by(_leaf(tmp_path / "tls", "ca"))


def test_a_server_that_browsers_reach_is_valid_for_its_hosts_too(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, ["keycloak"], now=NOW, hosts=["localhost", "127.0.0.1"])
    names = _leaf(tmp_path, "keycloak").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["keycloak.paas.internal", "localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert ensure_certificates(tmp_path, ["keycloak"], now=NOW, hosts=["localhost", "127.0.0.1"]) == []
    assert ensure_certificates(tmp_path, ["keycloak"], now=NOW, hosts=["localhost"]) == ["keycloak"]


def test_every_file_is_its_owners_alone(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "tls", NAMES, now=NOW)
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").iterdir()} == {0o600}


def test_a_second_time_nothing_is_made(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES, now=NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert ensure_certificates(tmp_path, NAMES, now=NOW + timedelta(days=1)) == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(("days_left", "renewed"), [(31, []), (29, NAMES), (-1, NAMES)])
def test_leaves_are_renewed_under_thirty_days(tmp_path: Path, days_left: int, renewed: list[str]) -> None:
    ensure_certificates(tmp_path, NAMES, now=NOW)
    assert ensure_certificates(tmp_path, NAMES, now=NOW + LEAF_LIFETIME - timedelta(days=days_left)) == renewed


def test_a_new_ca_renews_every_leaf(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES, now=NOW)
    (tmp_path / "ca.key").unlink()
    assert ensure_certificates(tmp_path, NAMES, now=NOW) == ["ca", *NAMES]


@pytest.mark.parametrize("damage", [b"", b"not a certificate"])
def test_a_damaged_leaf_is_made_again(tmp_path: Path, damage: bytes) -> None:
    ensure_certificates(tmp_path, NAMES, now=NOW)
    (tmp_path / "config.pem").write_bytes(damage)
    assert ensure_certificates(tmp_path, NAMES, now=NOW) == ["config"]


def test_a_leaf_under_another_name_does_not_pass(tmp_path: Path) -> None:
    ensure_certificates(tmp_path, NAMES, now=NOW)
    for ending in ("pem", "key"):
        (tmp_path / f"config.{ending}").write_bytes((tmp_path / f"gateway.{ending}").read_bytes())
    assert ensure_certificates(tmp_path, NAMES, now=NOW) == ["config"]
