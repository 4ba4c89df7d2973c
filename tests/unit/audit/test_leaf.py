"""The leaf of an event: final, so held against bytes that were put together without the code under test."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.audit.domain import Event, canonical_bytes, leaf_hash
from services.audit.selection import Outcome
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
    assert leaf_hash(FULL).hex() == "4fc30475d3f7497fa613156ac17b1279434abfd10d674d065f2676d04ed7fcf0"


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
