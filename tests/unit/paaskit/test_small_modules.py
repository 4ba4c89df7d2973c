"""Plaintext, page tokens, settings, request ids: small modules with few rules each."""

import copy
import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paaskit.errors import InvalidInput
from paaskit.paging import decode_page, encode_page, page_size
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


@given(st.lists(st.one_of(st.text(), st.integers(), st.booleans()), min_size=1, max_size=4))
def test_a_page_token_comes_back_as_it_was(place: list[str | int | bool]) -> None:
    assert decode_page(encode_page(*place), *[type(part) for part in place]) == tuple(place)


@given(st.text(max_size=200))
def test_a_page_token_that_is_not_ours_is_refused(token: str) -> None:
    assume(token)
    with pytest.raises(InvalidInput) as caught:
        decode_page(token, str, int)
    assert [each.field for each in caught.value.fields] == ["page_token"]


@pytest.mark.parametrize(
    "token",
    [
        encode_page(1),
        encode_page("a", 1, 2),
        encode_page(1, "a"),
        encode_page(True, 1),
        "W10=",
        "e30=",
        "bnVsbA==",
        "[",
        "é",
    ],
)
def test_a_page_token_of_another_list_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput):
        decode_page(token, str, int)


def test_a_page_token_that_nests_is_refused() -> None:
    import base64

    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    with pytest.raises(InvalidInput):
        decode_page(deep, str)


def test_page_sizes() -> None:
    assert [page_size(asked, default=50, most=500) for asked in (0, 1, 500, 501, 2**31 - 1)] == [50, 1, 500, 500, 500]
    with pytest.raises(InvalidInput):
        page_size(-1, default=50, most=500)


@dataclass(frozen=True, kw_only=True)
class _Settings(ServiceSettings):
    """One of each kind."""

    neighbour_address: str = setting("Where the neighbour listens.")
    key_file: Path | None = setting("A key.", default=None)
    times: int = setting("How often.", default=3)


def _environment(folder: Path, **changes: str) -> dict[str, str]:
    file = folder / "file"
    file.write_text("x")
    names = ["TLS_CERT_FILE", "TLS_KEY_FILE", "TLS_CA_FILE", "DATABASE_PASSWORD_FILE"]
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
