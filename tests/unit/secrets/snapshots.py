"""Snapshots for tests of the rules: an app with values that open, built with one call."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from paaskit.audit import Actor
from paaskit.redact import Plaintext
from services.secrets.keys.envelope import TenantKey
from services.secrets.keys.tenant_keys import TenantKeys
from services.secrets.rules.claims import Claimed, Need
from services.secrets.rules.outcome import Cause, Means
from services.secrets.rules.plan import Plan
from services.secrets.rules.stored import App, Entry, Kind, OpenClaim, Overlap, Snapshot, Staged

KEYS = TenantKeys("acme", {1: TenantKey(1, bytes(range(32)))})
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
MEANS = Means(keys=KEYS, claimed=Claimed(), now=NOW)
ADA = Actor(tenant="acme", name="user:ada@example.com", credential="t1")
APP = App(app_id="a1", name="web", version=7, next_position=20, draft_revision=3)
HOUR = timedelta(hours=1)


def cause(action: str = "secrets.set") -> Cause:
    """A cause of Ada's."""
    return Cause(actor=ADA, action=action, request_id="request-1", change_id="change-1", verb="Do")


def entry(name: str, value: str = "old", *, version: int = 5, kind: Kind = Kind.SECRET, **more: object) -> Entry:
    """A stored value."""
    made = Entry(
        name=name,
        kind=kind,
        version=version,
        sealed=KEYS.seal(APP.app_id, name, version, Plaintext(value)),
        size=len(value),
        position=version,
        created_at=NOW,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of an entry


def staged(name: str, value: str | None = "new", *, revision: int = 3, **more: object) -> Staged:
    """A staged value, or with None a name to be unset."""
    made = Staged(name=name, revision=revision, base=None, staged_by="user:bob@example.com", staged_at=NOW)
    if value is not None:
        sealed = KEYS.seal(APP.app_id, name, -revision, Plaintext(value))
        made = replace(made, sealed=sealed, size=len(value))
    return replace(made, **more)  # type: ignore[arg-type]  # fields of a staged change


def snapshot(
    *stored: Entry | Staged,
    overlaps: Mapping[str, datetime] | None = None,
    held: Mapping[str, tuple[str, ...]] | None = None,
    claims: tuple[OpenClaim, ...] = (),
    at: Mapping[int, list[Entry]] | None = None,
) -> Snapshot:
    """The app with what is stored; names are held under `c-<name>` unless something else is said."""
    made = Snapshot(
        app=APP,
        current={each.name: each for each in stored if isinstance(each, Entry)},
        staged={each.name: each for each in stored if isinstance(each, Staged)},
        overlaps={name: Overlap(name=name, version=5, due=due) for name, due in (overlaps or {}).items()},
        claims=claims,
        at={version: {each.name: each for each in entries} for version, entries in (at or {}).items()},
    )
    return replace(made, held={each.name: (f"c-{each.name}",) for each in stored} if held is None else held)


def values(plan: Plan) -> dict[str, str]:
    """What the values a plan opens are."""
    return {each.name: KEYS.unseal(APP.app_id, each.name, APP.version + 1, each.sealed).reveal() for each in plan.open}


def needed(needs: list[Need]) -> dict[str, int]:
    """Needs, as names and sizes."""
    return {need.name: need.size for need in needs}
