"""What a browser has, and what is sealed with it: it opens with that alone, and in its own row alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.sessions.sealing import Secret

CONTENT = {"bearer": "paas_pat_c4n4ry", "ends_at": None, "permissions": ["apps.read"]}


def test_its_own_text_gives_it_back() -> None:
    secret = Secret.new()
    found = Secret.parse(secret.text())
    assert found is not None
    assert found.open(secret.seal(CONTENT)) == CONTENT
    assert found.row() == secret.row()


def test_no_two_are_alike() -> None:
    assert len({Secret.new().text() for _ in range(100)}) == 100


def test_another_opens_nothing() -> None:
    assert Secret.new().open(Secret.new().seal(CONTENT)) is None


@pytest.mark.parametrize("at", [0, 5, 12, 20, -1])
def test_what_was_changed_does_not_open(at: int) -> None:
    secret = Secret.new()
    sealed = bytearray(secret.seal(CONTENT))
    sealed[at] ^= 1
    assert secret.open(bytes(sealed)) is None


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(28)])
def test_what_is_none_does_not_open(sealed: bytes) -> None:
    assert Secret.new().open(sealed) is None


def test_what_is_for_one_place_does_not_open_in_another() -> None:
    """As whoever may write the database would try: what is pending for one app, put with another."""
    secret = Secret.new()
    sealed = secret.seal(CONTENT, place="pending web")
    assert secret.open(sealed, place="pending web") == CONTENT
    assert all(secret.open(sealed, place=other) is None for other in ("pending api", "pending", ""))


def test_the_content_is_not_in_what_is_kept() -> None:
    secret = Secret.new()
    sealed = secret.seal(CONTENT)
    assert b"c4n4ry" not in sealed + secret.row()
    assert sealed != secret.seal(CONTENT)


def test_texts_for_purposes_tell_nothing_of_each_other() -> None:
    secret = Secret.new()
    texts = {secret.text(), *map(secret.derived_text, ("state", "nonce", "code verifier"))}
    assert len(texts) == 4
    assert all(len(text) == 43 for text in texts)
    assert all(secret.text() not in repr(each) for each in (secret, texts - {secret.text()}))


def test_a_form_token_looks_different_each_time_and_is_its_own_browsers() -> None:
    secret, other = Secret.new(), Secret.new()
    tokens = {secret.form_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(secret.is_form_token(token) and not other.is_form_token(token) for token in tokens)
    token = secret.form_token()
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    assert not any(map(secret.is_form_token, [*changed, "", "x", token + "=", token[:-1], "é", "A" * 86]))


@given(st.text(max_size=60))
def test_nothing_else_is_one(text: str) -> None:
    found = Secret.parse(text)
    assert found is None or found.text() == text


def test_one_has_one_spelling() -> None:
    text = Secret.new().text()
    # Its last character has two bits to spare, which a lenient reader would pass over.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [text[:-1] + char for char in alphabet if char != text[-1]]
    accepted = [other for other in others if Secret.parse(other) is not None]
    assert len(accepted) == 15
    assert all(Secret.parse(other) is None for other in (text + "=", text + "A", text[:-1], f" {text}", f"{text}\n"))
    assert json.dumps([text])  # plain ASCII
