"""What a decision comes to: its answer, its audit event and its order for a release, put together in one place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from paaskit.audit import Actor, AuditEvent
from paaskit.changes import Answer, NameChange, changed, is_live, names_in, unchanged
from paaskit.release_order import ReleasedChange, ReleaseOrder, changes_by
from paaskit.variables import listing
from paaskit.write_path import Decision, NoEvent
from services.secrets.keys.tenant_keys import TenantKeys
from services.secrets.rules.claims import Claimed
from services.secrets.rules.plan import Plan
from services.secrets.rules.stored import App, Snapshot

EXPIRE: Final = "secrets.expire"
"""The action of an event that says the terms of a value were changed, and not the value."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a decision may use beside what is stored. `keys` has none where a change seals and opens nothing."""

    keys: TenantKeys
    claimed: Claimed
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Cause:
    """What a change is recorded as: who made it, under which action and request, and what its release is called."""

    actor: Actor
    action: str
    request_id: str
    change_id: str
    description: str = ""
    verb: str = ""


def live(
    snapshot: Snapshot,
    plan: Plan,
    cause: Cause,
    *,
    config_version: int | None,
    changes: Sequence[ReleasedChange] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Decision[Plan]:
    """Return the decision for a change of live values: nothing where none changes, else event, order and answer.

    Values that stand and have other terms are an event as well, and no order: what the app is given stays.

    `changes` are what the order says of each name, where that is more than what the actor does; `more` is remembered
    with the answer.
    """
    if not plan.makes_version:
        same = {**unchanged(snapshot.app.version), **(more or {})}
        events = _moved(cause, snapshot.app, plan, version=snapshot.app.version)
        return Decision(answer=same, rows=plan, events=events, no_event=None if events else NoEvent.ALREADY_SO)
    version = snapshot.app.version + 1
    names = [change.name for change in plan.changes]
    answer: dict[str, Any] = {
        **changed(
            version=version,
            change_id=cause.change_id,
            changes=plan.changes,
            description=cause.description or listing(cause.verb, names),
        ),
        **(more or {}),
    }
    if config_version is not None:
        answer["config_version"] = config_version
    return Decision(
        answer=answer,
        rows=replace(plan, by=cause.actor.who),
        events=[
            _event(cause, snapshot.app, names, version=version),
            *_moved(cause, snapshot.app, plan, version=version),
        ],
        order=order_of(answer, cause.actor, snapshot.app, changes=changes),
    )


def recorded(
    snapshot: Snapshot, plan: Plan, cause: Cause, *, answer: Answer, changes: Sequence[NameChange], version: int
) -> Decision[Plan]:
    """Return the decision for a change that asks for no release: an event where anything changes, and the answer.

    What it stores a service stores by itself, as where a failed release is taken back.
    """
    names = [change.name for change in changes]
    events = [_event(cause, snapshot.app, names, version=version)] if names else []
    rows = replace(plan, by=cause.actor.name)
    return Decision(answer=answer, rows=rows, events=events, no_event=None if events else NoEvent.ALREADY_SO)


def order_of(
    answer: Answer, actor: Actor, app: App, *, changes: Sequence[ReleasedChange] | None = None
) -> ReleaseOrder | None:
    """Return the order for a release that a new or remembered answer asks for, or None.

    It is the release of whom a service acts for: the releaser's own would be nobody's.
    """
    if not is_live(answer):
        return None
    return ReleaseOrder(
        tenant=actor.tenant,
        app_id=app.app_id,
        app=app.name,
        change_id=answer["change_id"],
        actor=actor.who,
        description=answer["description"],
        secrets_version=answer["version"],
        config_version=answer.get("config_version"),
        changes=changes_by(actor.who, names_in(answer), secret=True) if changes is None else changes,
    )


def _moved(cause: Cause, app: App, plan: Plan, *, version: int) -> tuple[AuditEvent, ...]:
    names = list(plan.terms)
    return (_event(replace(cause, action=EXPIRE), app, names, version=version),) if names else ()


def _event(cause: Cause, app: App, names: Sequence[str], *, version: int) -> AuditEvent:
    return cause.actor.event(
        cause.action,
        app=app.name,
        app_id=app.app_id,
        targets=names,
        version=version,
        request_id=cause.request_id,
    )
