"""Whose reports are taken: what is not signed, by whom, over what, and where the keys come from.

Leaves out what a report says (test_matches.py) and does (test_reports.py).
"""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from paaskit import metrics
from paaskit.errors import Unauthenticated, Unavailable
from services.tokens.leaks.keys import keys_of
from services.tokens.leaks.signatures import HOLD_SECONDS, NOT_SIGNED, UnverifiedReport
from tests.fakes.secret_scanning import KEY_ID, SIGNATURE, SecretScanning
from tests.unit.tokens.leaks.conftest import Verifier

BODY = SecretScanning.report("some_token")


async def test_what_is_signed_is_taken_at_once(verifier: Verifier) -> None:
    for body in (BODY, b"not even json", b"\0\xff", b"[]"):
        await verifier.verify(body, verifier.github.signed(body))
    assert verifier.waited == []
    assert verifier.github.fetches == 1


async def test_the_signature_is_over_the_very_bytes(verifier: Verifier) -> None:
    signed = verifier.github.signed(BODY)
    for body in (BODY + b"\n", BODY[:-1], BODY.replace(b" ", b""), b"", b" " + BODY, BODY.upper()):
        await _refused(verifier, body, signed)
    assert verifier.waited == [HOLD_SECONDS] * 6


async def test_what_is_signed_otherwise_is_refused(verifier: Verifier) -> None:
    github, good = verifier.github, verifier.github.signed(BODY)
    older = github.key_id
    github.rotate()
    verifier.clock.advance(hours=2)
    stranger = ec.generate_private_key(ec.SECP256R1()).sign(BODY, ec.ECDSA(SHA384()))
    for signature in (
        "",
        "c4n4ry",
        good[SIGNATURE][:-4],
        good[SIGNATURE] + "AAAA",
        good[SIGNATURE].replace("=", "") + "\n",
        base64.b64encode(stranger).decode(),
        base64.b64encode(bytes(72)).decode(),
        base64.b64encode(_der(0, 0)).decode(),
        base64.b64encode(_der(1, 1)).decode(),
        "A" * 10_000,
        github.signed(BODY, key_id=older, digest=SHA384())[SIGNATURE],
        github.signed(BODY, key_id=older, digest=SHA512())[SIGNATURE],
        github.signed(BODY)[SIGNATURE],
        "é",
    ):
        await _refused(verifier, BODY, {KEY_ID: older, SIGNATURE: signature})
    await verifier.verify(BODY, good)


async def test_headers_come_once_and_are_looked_at_before_anybody_is_asked(verifier: Verifier) -> None:
    good = verifier.github.signed(BODY)
    for headers in ({}, {KEY_ID: good[KEY_ID]}, {SIGNATURE: good[SIGNATURE]}):
        await _refused(verifier, BODY, headers)
    for key_id in ("", "a" * 129, "a b", "../x", "é", "\n", f"{good[KEY_ID]}\n", "a,b"):
        await _refused(verifier, BODY, {**good, KEY_ID: key_id})
    twice = (good[KEY_ID], good[KEY_ID])
    for key_ids, signatures in ((twice, (good[SIGNATURE],)), ((good[KEY_ID],), (good[SIGNATURE],) * 2)):
        with pytest.raises(Unauthenticated):
            await verifier.signatures.verify(UnverifiedReport(body=BODY, key_ids=key_ids, signatures=signatures))
    assert verifier.github.fetches == 0


async def test_each_refusal_is_counted_by_what_it_was(verifier: Verifier) -> None:
    good = verifier.github.signed(BODY)
    for headers, outcome in (
        ({}, "unsigned"),
        ({**good, KEY_ID: "0" * 64}, "unknown_key"),
        ({**good, SIGNATURE: "AAAA"}, "wrong_signature"),
    ):
        before = metrics.LEAK_REPORTS.labels(outcome)._value.get()
        await _refused(verifier, BODY, headers)
        assert metrics.LEAK_REPORTS.labels(outcome)._value.get() == before + 1


async def test_a_new_key_is_found_and_one_that_was_taken_back_is_forgotten(verifier: Verifier) -> None:
    github = verifier.github
    older = github.signed(BODY)
    await verifier.verify(BODY, older)
    github.rotate()
    await _refused(verifier, BODY, github.signed(BODY))  # fetched a moment ago
    verifier.clock.advance(minutes=5)
    await verifier.verify(BODY, github.signed(BODY))
    await verifier.verify(BODY, older)
    github.take_back(older[KEY_ID])
    verifier.clock.advance(hours=1)
    await verifier.verify(BODY, github.signed(BODY))  # begins a fetch beside it
    await verifier.keys.find("of a later fetch, which there is none of")
    await _refused(verifier, BODY, older)


async def test_ten_thousand_unknown_keys_are_few_fetches(verifier: Verifier) -> None:
    for number in range(10_000):
        if number % 2_000 == 0:
            verifier.clock.advance(minutes=5)
        await _refused(verifier, BODY, {KEY_ID: f"{number:064d}", SIGNATURE: "AAAA"})
    assert 1 <= verifier.github.fetches <= 6


async def test_known_keys_outlive_a_github_that_is_away(verifier: Verifier) -> None:
    github = verifier.github
    await verifier.verify(BODY, github.signed(BODY))
    github.is_away = True
    for _ in range(3):
        verifier.clock.advance(hours=1)
        await verifier.verify(BODY, github.signed(BODY))
        await _refused(verifier, BODY, {**github.signed(BODY), KEY_ID: "0" * 64})


async def test_without_any_key_nobody_can_tell_and_github_is_left_alone_for_a_while(verifier: Verifier) -> None:
    github = verifier.github
    github.is_away = True
    for _ in range(50):
        with pytest.raises(Unavailable):
            await verifier.verify(BODY, github.signed(BODY))
    assert github.fetches == 1
    github.is_away = False
    verifier.clock.advance(seconds=10)
    await verifier.verify(BODY, github.signed(BODY))


@pytest.mark.parametrize(
    "published",
    [
        [],
        "keys",
        {},
        {"public_keys": {}},
        {"public_keys": []},
        {"public_keys": ["x", None, {}, {"key_identifier": "a"}, {"key_identifier": 1, "key": "x"}]},
        {"public_keys": [{"key_identifier": "a", "key": "c4n4ry"}]},
        {"public_keys": [{"key_identifier": "a", "key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}]},
        {"public_keys": [{}] * 33},
    ],
)
async def test_what_is_no_page_of_keys_is_as_good_as_none(verifier: Verifier, published: Any) -> None:
    verifier.github.published = published
    with pytest.raises(Unavailable) as away:
        await verifier.verify(BODY, verifier.github.signed(BODY))
    assert "c4n4ry" not in str(away.value)


async def test_a_page_that_does_not_end_is_not_read_to_its_end(verifier: Verifier) -> None:
    verifier.github.published = {**verifier.github.document(), "padding": "x" * 300_000}
    with pytest.raises(Unavailable):
        await verifier.verify(BODY, verifier.github.signed(BODY))


async def test_keys_that_are_not_p256_are_nobody_s(verifier: Verifier) -> None:
    document = verifier.github.document()
    others: list[Any] = [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        rsa.generate_private_key(65537, 2048).public_key(),
    ]
    for number, key in enumerate(others):
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        document["public_keys"].append({"key_identifier": f"other-{number}", "key": pem})
    assert list(keys_of(document)) == [verifier.github.key_id]


def test_a_report_shows_nothing_of_itself() -> None:
    assert "some_token" not in repr(UnverifiedReport(body=BODY, key_ids=("a",), signatures=("b",)))


async def _refused(verifier: Verifier, body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await verifier.verify(body, headers)
    assert str(refused.value) == NOT_SIGNED


def _der(*numbers: int) -> bytes:
    parts = b"".join(b"\x02\x01" + bytes([each]) for each in numbers)
    return b"\x30" + bytes([len(parts)]) + parts
