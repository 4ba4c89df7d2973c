"""What an event is: a report of a service, and its place in a tenant's log."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Final

NEWEST_FORMAT: Final = 4
"""What leaves are made of now: the entries of `leaves.entries`."""


class Outcome(IntEnum):
    """How an attempt ended. The numbers are part of the leaf, so they never change."""

    OK = 1
    DENIED = 2
    FAILED = 3


@dataclass(frozen=True, kw_only=True)
class Report:
    """One thing that was done or attempted, as a service reports it. An outcome of 0 was left out.

    `target_tokens` are the ids and makers of tokens, one pair for each target or none at all.
    """

    event_id: str
    tenant: str
    occurred_at: datetime | None
    action: str
    actor: str
    outcome: int
    on_behalf_of: str = ""
    app: str = ""
    app_id: str = ""
    targets: tuple[str, ...] = ()
    version: int = 0
    request_id: str = ""
    client_address: str = ""
    token_id: str = ""
    maker: str = ""
    target_tokens: tuple[tuple[str, str], ...] = ()
    repeats: int = 0
    repeats_seconds: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A report with its place in the tenant's log: `sequence` counts from 1 without gaps.

    `leaf_format` is the one its leaf was made in when it was appended, and is made in ever after. `kept_hash` is the
    leaf's hash as it was kept then; empty in an event that is not read back.
    """

    report: Report
    sequence: int
    recorded_at: datetime
    service: str
    leaf_format: int = NEWEST_FORMAT
    kept_hash: bytes = field(default=b"", compare=False)
