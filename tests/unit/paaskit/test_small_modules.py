"""Plaintext, settings, request ids, events in parts: small modules with few rules each. Page tokens: test_paging.py."""

import copy
import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.audit import AuditEvent
from paaskit.errors import app_not_found
from paaskit.redact import MASK, Plaintext
from paaskit.requests import check_request_id, fingerprint
from paaskit.settings import ServiceSettings, SettingsError, load_settings, setting

CANARY = "canary-90aa"


def test_plaintext_shows_in_no_text_form() -> None:
    plaintext = Plaintext(CANARY)
    forms = [
        str(plaintext),
        repr(plaintext),
        f"{plaintext}",
        f"{plaintext!r:>20}",
        format(plaintext, "s"),
        "%s %r" % (plaintext, plaintext),  # noqa: UP031  # this form too
        str([plaintext]),
        str({"a": plaintext}),
        json.dumps({"a": plaintext}, default=str),
        str(ValueError(plaintext)),
    ]
    assert [form for form in forms if CANARY in form] == []
    assert str(plaintext) == MASK == "•" * 16
    assert plaintext.reveal() == CANARY


def test_plaintext_is_neither_pickled_nor_hashed_nor_copied() -> None:
    plaintext = Plaintext(CANARY)
    for careless in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            careless(plaintext)
    with pytest.raises(TypeError):
        hash(plaintext)
    assert not hasattr(plaintext, "__dict__")


def test_plaintexts_compare_by_value_and_count_bytes() -> None:
    assert Plaintext("é") == Plaintext("é")
    assert Plaintext("a") != Plaintext("b")
    assert Plaintext("a") != "a"
    assert Plaintext("é").size == 2


@dataclass(frozen=True, kw_only=True)
class _Settings(ServiceSettings):
    """One of each kind."""

    neighbour_address: str = setting("Where the neighbour listens.")
    key_file: Path | None = setting("A key.", default=None)
    times: int = setting("How often.", default=3)
    places: str = setting("Where to.", default="", refuse_empty=True)


def _environment(folder: Path, **changes: str) -> dict[str, str]:
    file = folder / "file"
    file.write_text("x")
    names = ["TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE", "DATABASE_PASSWORD_FILE", "PAGE_KEY_FILE"]
    good = {f"PAAS_{name}": str(file) for name in names}
    good |= {"PAAS_LISTEN": "127.0.0.1:1", "PAAS_DATABASE_URL": "postgresql:///x", "PAAS_NEIGHBOUR_ADDRESS": "a:1"}
    return good | changes


def test_settings_are_read_from_the_environment(tmp_path: Path) -> None:
    settings = load_settings(_Settings, _environment(tmp_path, PAAS_TIMES="7", UNRELATED="1"))
    assert (settings.times, settings.neighbour_address, settings.key_file) == (7, "a:1", None)
    assert settings.environment == "production", "the safe one is the default"


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    environment = _environment(tmp_path, PAAS_TIMES="often", PAAS_KEY_FILE=str(tmp_path / "none"), PAAS_LISTEN="")
    with pytest.raises(SettingsError) as caught:
        load_settings(_Settings, environment)
    for name in ("PAAS_TIMES", "PAAS_KEY_FILE", "PAAS_LISTEN"):
        assert name in str(caught.value)


def test_what_somebody_meant_is_not_taken_for_nothing(tmp_path: Path) -> None:
    assert load_settings(_Settings, _environment(tmp_path)).places == ""
    with pytest.raises(SettingsError, match="PAAS_PLACES is set and empty"):
        load_settings(_Settings, _environment(tmp_path, PAAS_PLACES=""))


@pytest.mark.parametrize("missing", ["PAAS_TLS_CA_FILE", "PAAS_TLS_CERT_FILE", "PAAS_TLS_KEY_FILE"])
def test_there_is_no_way_without_tls(tmp_path: Path, missing: str) -> None:
    environment = _environment(tmp_path)
    del environment[missing]
    with pytest.raises(SettingsError, match=missing):
        load_settings(_Settings, environment)


@pytest.mark.parametrize("request_id", ["", "short", "a" * 65, "with space", "new\nline", "é" * 8, "a/b/c/d/e"])
def test_request_ids_that_are_none(request_id: str) -> None:
    violation = check_request_id(request_id)
    assert violation is not None
    assert not request_id or request_id not in violation.description


def test_request_ids_that_are() -> None:
    assert check_request_id("0f8fad5b-d9cb-469f-a165-70867728950e") is None
    assert check_request_id("abcd_EFG") is None


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_fingerprints_differ_where_requests_do(one: list[str], other: list[str]) -> None:
    assert (fingerprint("set", one) == fingerprint("set", other)) == (one == other)
    assert fingerprint("a", ["b"]) != fingerprint("a", "b")


@pytest.mark.parametrize(
    ("targets", "sizes"),
    [
        ([], [0]),
        (["A"], [1]),
        ([f"N{number}" for number in range(500)], [500]),
        ([f"N{number}" for number in range(501)], [500, 1]),
        ([f"N{number}" for number in range(1200)], [500, 500, 200]),
        (["x" * 128] * 500, [256, 244]),
        (["é" * 64] * 257, [256, 1]),
    ],
    ids=lambda value: str(len(value)),
)
def test_events_are_split_by_number_and_bytes_of_targets(targets: list[str], sizes: list[int]) -> None:
    event = AuditEvent(tenant="acme", action="tokens.revoke", actor="user:ada", app="web", targets=targets)
    parts = list(event.parts())
    assert [len(part.targets) for part in parts] == sizes
    assert [target for part in parts for target in part.targets] == targets
    assert len({part.event_id for part in parts}) == len(parts)
    assert parts[0].event_id == event.event_id
    assert {(part.tenant, part.action, part.actor, part.app, part.occurred_at) for part in parts} == {
        ("acme", "tokens.revoke", "user:ada", "web", event.occurred_at)
    }
    assert all(len(part.encode()) < 65_535 for part in parts)


@pytest.mark.parametrize("app", ["", "a b", "%s%n", "\ufffe", "é", "x" * 65, "a\n"])
def test_what_no_app_could_be_called_is_not_repeated(app: str) -> None:
    assert app_not_found(app).message == app_not_found("").message
    assert "web-1" in app_not_found("web-1").message
