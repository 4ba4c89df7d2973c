"""Page tokens: good for the next page of the same list of the same tenant, and for nothing else; they show nothing."""

import base64
import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from local.secrets_made import page_key
from paaskit.errors import InvalidInput
from paaskit.paging import Pages, load_pages, page_size
from paaskit.settings import SettingsError

KEY = os.urandom(32)
PAGES = Pages(KEY)
PLACE = ("hidden-app", 7, True)
KINDS = (str, int, bool)
TOKEN = PAGES.seal("ListApps", "acme", *PLACE)

_texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.one_of(_texts, st.integers(), st.booleans()), min_size=1, max_size=4), _texts, _texts)
def test_a_page_token_comes_back_as_it_was(place: list[str | int | bool], method: str, tenant: str) -> None:
    token = PAGES.seal(method, tenant, *place)
    if len(token) <= 2048:
        assert PAGES.open(method, tenant, token, *[type(part) for part in place]) == tuple(place)


def test_the_first_page_has_none() -> None:
    assert PAGES.open("ListApps", "acme", "", str) is None


def test_replicas_with_the_same_key_open_each_others() -> None:
    assert Pages(KEY).open("ListApps", "acme", TOKEN, *KINDS) == PLACE


@pytest.mark.parametrize(
    ("method", "tenant"),
    [("ListVars", "acme"), ("ListApps", "globex"), ("ListAppsa", "cme"), ("ListApp", "sacme"), ("", "ListAppsacme")],
)
def test_a_token_of_another_list_or_tenant_is_refused(method: str, tenant: str) -> None:
    _refused(TOKEN, method=method, tenant=tenant)


def test_a_token_of_another_key_is_refused() -> None:
    _refused(Pages(os.urandom(32)).seal("ListApps", "acme", *PLACE))


def test_nothing_shows_in_a_token() -> None:
    """Neither the name of an app that its reader may not list, nor how long that name is, nor that two are the same."""
    names = ["a", "hidden-app", "x" * 40]
    tokens = {name: PAGES.seal("ListApps", "acme", name) for name in names}
    assert len({len(token) for token in tokens.values()}) == 1
    for name, token in tokens.items():
        raw = base64.urlsafe_b64decode(token)
        assert len(name) < 2 or name.encode() not in raw
        assert PAGES.seal("ListApps", "acme", name) != token


@pytest.mark.parametrize("place", range(0, len(TOKEN), 7))
def test_a_changed_token_is_refused(place: int) -> None:
    other = "A" if TOKEN[place] != "A" else "B"
    _refused(TOKEN[:place] + other + TOKEN[place + 1 :])
    _refused(TOKEN[:place])
    _refused(TOKEN[place + 1 :])


@given(st.text(min_size=1, max_size=200))
def test_any_other_text_is_refused(token: str) -> None:
    _refused(token)


@pytest.mark.parametrize(
    "token",
    [
        "\0",
        "\ud800",
        TOKEN + "\0",
        TOKEN + "=",
        TOKEN * 100,
        "A" * 1_000_000,
        "=" * 9,
        "W10=",
        base64.urlsafe_b64encode(json.dumps(PLACE).encode()).decode(),
        base64.urlsafe_b64encode(b"[" * 1000).decode(),
        base64.urlsafe_b64encode(b"[9" + b"9" * 900 + b"]").decode(),
        base64.urlsafe_b64encode(b"\0" * 28).decode(),
    ],
    ids=range(12),
)
def test_what_was_never_sealed_is_refused(token: str) -> None:
    _refused(token)


def test_the_method_and_the_tenant_are_what_a_token_is_sealed_with() -> None:
    """As it is described: AES-256-GCM, a nonce of 12 bytes first, both names bound with their lengths."""
    nonce, bound = os.urandom(12), b"\0\0\0\x08ListApps\0\0\0\x04acme"
    sealed = AESGCM(KEY).encrypt(nonce, b'["web"]', bound)
    assert PAGES.open("ListApps", "acme", base64.urlsafe_b64encode(nonce + sealed).decode(), str) == ("web",)


@pytest.mark.parametrize("kinds", [(), (str,), (str, int), (str, int, int), (int, int, bool), (str, int, bool, str)])
def test_a_place_of_another_kind_is_refused(kinds: tuple[type, ...]) -> None:
    """A later release of a service may list differently; what an earlier one handed out then is of no use."""
    with pytest.raises(InvalidInput):
        PAGES.open("ListApps", "acme", TOKEN, *kinds)


def test_the_key_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "page.key"
    path.write_bytes(base64.b64encode(KEY) + b"\n")
    assert load_pages(path).open("ListApps", "acme", TOKEN, *KINDS) == PLACE
    path.write_bytes(page_key())
    with pytest.raises(InvalidInput):
        load_pages(path).open("ListApps", "acme", TOKEN, *KINDS)


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff" * 32, base64.b64encode(b"x" * 31), b"A" * 44 + b"===="])
def test_a_file_with_anything_else_is_refused_without_quoting_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.key"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="PAAS_PAGE_KEY_FILE") as refused:
        load_pages(path)
    assert "not a key" not in str(refused.value)


def test_page_sizes() -> None:
    assert [page_size(asked, default=50, most=500) for asked in (0, 1, 500, 501, 2**31 - 1)] == [50, 1, 500, 500, 500]
    with pytest.raises(InvalidInput):
        page_size(-1, default=50, most=500)


def _refused(token: str, *, method: str = "ListApps", tenant: str = "acme") -> None:
    if not token:
        return
    with pytest.raises(InvalidInput) as refused:
        PAGES.open(method, tenant, token, *KINDS)
    assert [each.field for each in refused.value.fields] == ["page_token"]
    assert len(token) < 4 or token not in refused.value.message
    assert refused.value.__cause__ is None
