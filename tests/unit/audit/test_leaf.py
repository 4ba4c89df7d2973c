"""The leaf of an event: final, so held against bytes that were put together without the code under test."""

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.errors import InvalidInput
from services.audit.domain import MAX_TARGETS, check_reports
from services.audit.event import Event, Outcome
from services.audit.leaves import entry_of, fits
from services.audit.leaves.hashes import canonical_bytes, leaf_hash
from tests.fakes.audit_log import report_of

EVENT = Event(
    report=report_of(
        event_id="0123456789abcdef0123456789abcdef",
        tenant="acme",
        action="secrets.get",
        actor="user:ada@example.com",
        app="web",
        app_id="fedcba9876543210fedcba9876543210",
        targets=("STRIPE_API_KEY", "naïve"),
        outcome=Outcome.DENIED,
        occurred_at=datetime(2026, 5, 4, 13, 42, 0, 123456, tzinfo=UTC),
        version=7,
        on_behalf_of="",
        request_id="req-12345678",
        client_address="203.0.113.9",
    ),
    sequence=42,
    recorded_at=datetime(2026, 5, 4, 13, 42, 1, tzinfo=UTC),
    service="secrets",
)


OLD = replace(EVENT, leaf_format=2)
OLDEST = replace(EVENT, leaf_format=1, report=replace(EVENT.report, app_id=""))
FULL = replace(
    EVENT,
    report=replace(
        EVENT.report,
        token_id="0f" * 16,
        maker="user:grace@example.com",
        target_tokens=(("t1", "user:ada@example.com"), ("t2", "")),
        repeats=1273,
        repeats_seconds=10,
    ),
)


def test_fixed_vectors() -> None:
    """If one fails, the trees of logs that exist would not verify any more: make a new format instead."""
    assert leaf_hash(OLDEST).hex() == "4024441090cacb203face9d39574530018fbbcaf929b6c295babe07d5bac81d1"
    assert leaf_hash(OLD).hex() == "eea0ecc96bb2e61be00ad4b7a41035d7fffca2e47e7346f0d6338051eb930ae0"
    assert (
        leaf_hash(replace(FULL, leaf_format=3)).hex()
        == "4fc30475d3f7497fa613156ac17b1279434abfd10d674d065f2676d04ed7fcf0"
    )


def test_an_entry_is_what_its_description_says() -> None:
    expected = (
        '{"action":"secrets.get","actor":"user:ada@example.com","app":"web","app_id":"fedcba9876543210fedcba9876543210",'
        '"client_address":"203.0.113.9","event_id":"0123456789abcdef0123456789abcdef","maker":"user:grace@example.com",'
        '"occurred_at":"2026-05-04T13:42:00.123456Z","outcome":"denied","recorded_at":"2026-05-04T13:42:01.000000Z",'
        '"repeats":"1273","repeats_seconds":"10","request_id":"req-12345678","sequence":"42","service":"secrets",'
        '"target_tokens":[{"maker":"user:ada@example.com","token_id":"t1"},{"token_id":"t2"}],'
        '"targets":["STRIPE_API_KEY","naïve"],"tenant":"acme","token_id":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","version":"7"}'
    ).encode()
    assert entry_of(FULL) == expected
    assert leaf_hash(FULL) == hashlib.sha256(b"\x00" + expected).digest()


def test_a_reason_comes_into_the_entry_that_has_one_and_into_no_other() -> None:
    with_reason = entry_of(replace(FULL, report=replace(FULL.report, reason="Ticket <4711>, naïve")))
    assert with_reason == entry_of(FULL).replace(
        b'"recorded_at"', '"reason":"Ticket <4711>, naïve","recorded_at"'.encode()
    )


def test_an_entry_of_before_that_is_too_long_says_how_many_names_it_leaves_out() -> None:
    long = replace(EVENT, leaf_format=3, report=replace(EVENT.report, targets=("\x01" * 128,) * 100))
    assert not fits(long.report)
    entry = entry_of(long)
    assert b'"targets_left_out":"100"' in entry
    assert b'"targets":' not in entry
    assert len(entry) < 1000


@given(st.lists(st.text(min_size=1, max_size=30), max_size=MAX_TARGETS), st.booleans())
def test_what_fits_is_in_its_entry_whole(targets: list[str], with_tokens: bool) -> None:
    pairs = tuple(("i" * 32, f"user:{target}") for target in targets) if with_tokens else ()
    report = replace(EVENT.report, targets=tuple(targets), target_tokens=pairs)
    entry = json.loads(entry_of(replace(EVENT, report=report, sequence=2**63 - 1)))
    if fits(report):
        assert entry.get("targets", []) == targets
        assert len(entry.get("target_tokens", [])) == len(pairs)
    else:
        assert entry["targets_left_out"] == str(len(targets))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="take more of the log's entry"):
        check_reports([replace(EVENT.report, targets=("\x01" * 128,) * 100)])


@pytest.mark.parametrize("leaf_format", [1, 2, 3])
def test_bytes_are_what_the_description_says(leaf_format: int) -> None:
    def text(value: str) -> bytes:
        return struct.pack(">I", len(value.encode())) + value.encode()

    def number(value: int) -> bytes:
        return struct.pack(">Iq", 8, value)

    expected = b"".join(
        [
            text(f"paas.audit.event.v{leaf_format}"),
            text("acme"),
            number(42),
            text("0123456789abcdef0123456789abcdef"),
            number(1777902120123456),
            number(1777902121000000),
            text("secrets"),
            text("secrets.get"),
            text("user:ada@example.com"),
            text(""),
            text("web"),
            *([text("fedcba9876543210fedcba9876543210")] if leaf_format > 1 else []),
            number(7),
            number(2),
            text("req-12345678"),
            text("203.0.113.9"),
            number(2),
            text("STRIPE_API_KEY"),
            text("naïve"),
            *(
                [
                    text("0f" * 16),
                    text("user:grace@example.com"),
                    number(1273),
                    number(10),
                    number(2),
                    text("t1"),
                    text("user:ada@example.com"),
                    text("t2"),
                    text(""),
                ]
                if leaf_format > 2
                else []
            ),
        ]
    )
    event = replace(FULL, leaf_format=leaf_format)
    assert canonical_bytes(event) == expected
    assert leaf_hash(event) == hashlib.sha256(b"\x00" + expected).digest()


CHANGES: list[Callable[[Event], Event]] = [
    lambda e: replace(e, sequence=43),
    lambda e: replace(e, recorded_at=e.recorded_at + timedelta(microseconds=1)),
    lambda e: replace(e, service="config"),
    lambda e: replace(e, report=replace(e.report, tenant="acm", event_id="e" + e.report.event_id)),
    lambda e: replace(e, report=replace(e.report, event_id="f" * 32)),
    lambda e: replace(e, report=replace(e.report, occurred_at=datetime(1969, 1, 1, tzinfo=UTC))),
    lambda e: replace(e, report=replace(e.report, action="secrets.set")),
    lambda e: replace(e, report=replace(e.report, actor="user:ada@example.co", on_behalf_of="m")),
    lambda e: replace(e, report=replace(e.report, on_behalf_of="web", app="")),
    lambda e: replace(e, report=replace(e.report, app_id="")),
    lambda e: replace(e, report=replace(e.report, app=e.report.app_id, app_id=e.report.app)),
    lambda e: replace(e, leaf_format=1),
    lambda e: replace(e, leaf_format=2),
    lambda e: replace(e, report=replace(e.report, token_id="t1")),
    lambda e: replace(e, report=replace(e.report, maker="t1")),
    lambda e: replace(e, report=replace(e.report, repeats=1)),
    lambda e: replace(e, report=replace(e.report, repeats_seconds=1)),
    lambda e: replace(e, report=replace(e.report, target_tokens=(("t1", ""), ("t2", "")))),
    lambda e: replace(e, report=replace(e.report, target_tokens=(("t1", "t2"), ("", "")))),
    lambda e: replace(e, report=replace(e.report, version=8)),
    lambda e: replace(e, report=replace(e.report, outcome=Outcome.OK)),
    lambda e: replace(e, report=replace(e.report, request_id="", client_address="req-12345678203.0.113.9")),
    lambda e: replace(e, report=replace(e.report, targets=("STRIPE_API_KEYnaïve",))),
    lambda e: replace(e, report=replace(e.report, targets=("STRIPE_API_KEY", "naïve", ""))),
    lambda e: replace(e, report=replace(e.report, targets=("naïve", "STRIPE_API_KEY"))),
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_and_every_border_between_fields_counts(change: Callable[[Event], Event]) -> None:
    assert leaf_hash(change(EVENT)) != leaf_hash(EVENT)


def test_no_two_of_those_are_the_same() -> None:
    assert len({leaf_hash(change(EVENT)) for change in CHANGES}) == len(CHANGES)
