"""Variables that an add-on manages. Their values are sealed in secrets; here are their names and display forms.

Attaching is two changes with a call to secrets in between. The first reserves the name and writes down what is under
way, the second completes it; where secrets refuses, the first is taken back. What breaks off in between is settled by a
job. One attaching of a name is under way at a time; an equal request joins it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from paaskit.audit import FAILED, OK, AuditEvent
from paaskit.changes import Action, NameChange, changed, unchanged
from paaskit.errors import FieldViolation, Refused, Unavailable
from paaskit.outbox import Message
from paaskit.redact import Plaintext
from paaskit.variables import listing, refuse, violations_of
from paaskit.write_path import NoEvent
from services.config.domain import App, Attaching, Decision, Entry, Kind, Snapshot
from services.config.neighbours import delete_message
from services.config.rules.drafts import refuse_staged
from services.config.rules.mutations import Doing, order_of
from services.config.rules.plan import NEXT_POSITION, Plan, compare, reason_of, refuse_kinds, rows_beside, size_of
from services.config.rules.sharing import check_step, refuse_group, step_of

_MAX_DISPLAY: Final = 256
# It stands in sentences that people read: one word.
_ADDON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")

ATTACHMENT: Final = "attachment_id"
"""In an answer: the attaching it is about. In the first half's it is all there is."""
BUSY: Final = "busy"
"""In the first half's answer: another attaching of the name is under way."""
DETACHED: Final = "detached"
"""In the answer to detaching: the attachings whose values are to go."""


@dataclass(frozen=True, kw_only=True)
class Managed:
    """A managed variable as an add-on wants it."""

    name: str
    addon: str
    value: Plaintext
    display: str

    @property
    def size(self) -> int:
        """What it counts with, in bytes."""
        return size_of(self.name, "") + self.value.size


def check_managed(wanted: Managed) -> None:
    """Raise InvalidInput that names all that is wrong with a managed variable."""
    addon, display = wanted.addon, wanted.display
    refuse(
        [
            *violations_of([wanted.name], [wanted.value.reveal()], field="name"),
            FieldViolation(
                "addon", "an add-on's name has 1 to 64 letters, digits and . _ : / -, and starts with no sign"
            )
            if not _ADDON.fullmatch(addon)
            else None,
            FieldViolation("display", f"a display form has 1 to {_MAX_DISPLAY} printable characters")
            if not 0 < len(display) <= _MAX_DISPLAY or not display.isprintable()
            else None,
            FieldViolation("display", "the display form must not be the value itself")
            if display == wanted.value.reveal()
            else None,
        ]
    )


def decide_begin(doing: Doing, snapshot: Snapshot, wanted: Managed, *, attachment_id: str) -> Decision:
    """Decide on the first half: the name is reserved, and what is under way is written down. Nothing is remembered yet.

    Raises Refused where the name is something else or another add-on's, LimitExceeded past the limits.
    """
    app, under_way = snapshot.app, snapshot.attaching
    plan = plan_attach(snapshot, wanted, attachment_id=attachment_id)
    if under_way is not None and under_way.is_of(doing.request_id, doing.actor.credential):
        joined = replace(under_way, shared=True, touched_at=doing.at)
        answer = {ATTACHMENT: under_way.attachment_id}
        rows = replace(rows_beside(app), begin=joined)
        return Decision(answer=answer, rows=rows, remember=False, no_event=NoEvent.HALF)
    if under_way is not None:
        return Decision(answer={BUSY: True}, remember=False)
    adds = wanted.name not in snapshot.current
    attaching = Attaching(
        name=wanted.name,
        attachment_id=attachment_id,
        request_id=doing.request_id,
        subject=doing.actor.credential,
        adds=adds,
        touched_at=doing.at,
    )
    rows = replace(plan.rows(app, by=doing.actor.who) if adds else rows_beside(app), begin=attaching)
    return Decision(answer={ATTACHMENT: attachment_id}, rows=rows, remember=False, no_event=NoEvent.HALF)


def decide_complete(
    doing: Doing, snapshot: Snapshot, wanted: Managed, *, attachment_id: str, differs: bool, secrets_version: int
) -> Decision:
    """Decide on the second half, once secrets has the value in its version `secrets_version`.

    Where the first half was settled in between, the value is to go again. One that was joined by an equal request
    counts as a change: which of the two met a value that differed can't be told.
    """
    app, under_way = snapshot.app, snapshot.attaching
    if under_way is None or under_way.attachment_id != attachment_id:
        return Decision(
            answer={},
            messages=[_delete(doing.actor.tenant, app, wanted.name, attachment_id, key=doing.change_id)],
            refusal=Unavailable(
                f"The attaching of {wanted.name} was broken off in the meantime. Try again.",
                reason="BUSY",
                metadata={"service": "config"},
            ),
            no_event=NoEvent.REFUSED,
        )
    plan = plan_attach(snapshot, wanted, attachment_id=attachment_id, limited=False)
    hold = [] if plan.open else [replace(snapshot.current[wanted.name], claims=(attachment_id,))]
    if not (under_way.adds or under_way.shared or differs) and plan.is_empty:
        rows = replace(rows_beside(app), hold=hold, end=wanted.name)
        answer = {**unchanged(app.version), ATTACHMENT: attachment_id}
        return Decision(answer=answer, rows=rows, no_event=NoEvent.ALREADY_SO)
    action = Action.ADDED if under_way.adds else Action.CHANGED
    answer = {
        **changed(
            version=app.version + 1,
            change_id=doing.change_id,
            changes=[NameChange(wanted.name, action)],
            description=listing("Attach", [wanted.name]),
            secrets_version=secrets_version,
        ),
        ATTACHMENT: attachment_id,
    }
    return Decision(
        answer=answer,
        rows=replace(plan.rows(app, by=doing.actor.who), hold=hold, end=wanted.name),
        events=[_event(doing, app, wanted.name, version=answer["version"])],
        order=order_of(answer, doing.actor, app),
    )


def decide_break_off(doing: Doing, snapshot: Snapshot, name: str, *, attachment_id: str, refused: bool) -> Decision:
    """Decide on an attaching that did not come to pass: `refused` by secrets, or else left, for whatever reason.

    A name that it reserved is free again. Of a variable that was there before, secrets may have the new value already
    if it was left, and that is the one the add-on takes now; so it stays, and detaching will name both.
    """
    app, under_way, present = snapshot.app, snapshot.attaching, snapshot.current.get(name)
    if under_way is None or under_way.attachment_id != attachment_id:
        return Decision(answer={})
    rows = rows_beside(app)
    messages: list[Message] = []
    if under_way.adds:
        mine = present is not None and present.claims == (attachment_id,)
        rows = compare(snapshot.current, app.totals, remove=[name]).rows(app) if mine else rows
        messages = [_delete(doing.actor.tenant, app, name, attachment_id, key=doing.change_id)]
    elif present is not None and not refused:
        rows = replace(rows, hold=[replace(present, claims=(*present.claims, attachment_id))])
    events = [] if refused else [_event(doing, app, name, version=rows.version, failed=True)]
    return Decision(
        answer={},
        rows=replace(rows, end=name),
        events=events,
        messages=messages,
        no_event=NoEvent.REFUSED if refused else None,
    )


def decide_detach(doing: Doing, snapshot: Snapshot, name: str, *, addon: str) -> Decision:
    """Decide on detaching a variable; one that is not there changes nothing. Raises Refused for another add-on's."""
    app, current, under_way = snapshot.app, snapshot.current, snapshot.attaching
    refuse_group(app)
    refuse_kinds(current, [name], allowed=Kind.MANAGED)
    entry = current.get(name)
    if entry is None:
        return Decision(answer=unchanged(app.version))
    if entry.addon != addon:
        raise Refused(f"{name} is managed by another add-on.", reason="NAME_IS_MANAGED")
    plan = compare(current, app.totals, remove=[name])
    # Values from before attachings had ids are named by an empty one.
    ids = list(dict.fromkeys([*(entry.claims or ("",)), *([under_way.attachment_id] if under_way else [])]))
    answer = {
        **changed(
            version=app.version + 1,
            change_id=doing.change_id,
            changes=plan.changes,
            description=listing("Detach", [name]),
        ),
        DETACHED: ids,
    }
    return Decision(
        answer=answer,
        rows=replace(plan.rows(app), end=name),
        events=[_event(doing, app, name, version=answer["version"])],
        order=order_of(answer, doing.actor, app),
        messages=deletions(doing.actor.tenant, app, name, answer),
    )


def deletions(tenant: str, app: App, name: str, answer: Mapping[str, Any]) -> Sequence[Message]:
    """Return what secrets is told of a detached variable, from its new or remembered answer."""
    return [
        _delete(tenant, app, name, attachment_id, key=f"{answer['change_id']}-{index}")
        for index, attachment_id in enumerate(answer.get(DETACHED, ()))
    ]


def plan_attach(snapshot: Snapshot, wanted: Managed, *, attachment_id: str, limited: bool = True) -> Plan:
    """Plan to have a managed variable. Raises Refused where the name belongs to someone else."""
    refuse_group(snapshot.app)
    present = snapshot.current.get(wanted.name)
    if present is not None and (present.kind is not Kind.MANAGED or present.addon != wanted.addon):
        raise Refused(
            f"{wanted.name} is already a variable of this app. Unset it before the add-on is attached.",
            reason=reason_of(present.kind),
        )
    refuse_staged(snapshot, [wanted.name])
    entry = Entry(
        name=wanted.name,
        kind=Kind.MANAGED,
        value=wanted.display,
        addon=wanted.addon,
        size=wanted.size,
        position=present.position if present else NEXT_POSITION,
        claims=(attachment_id,),
    )
    plan = compare(snapshot.current, snapshot.app.totals, keep=[entry], limited=limited)
    if limited:
        check_step(snapshot, step_of(plan))
    return plan


def _event(doing: Doing, app: App, name: str, *, version: int, failed: bool = False) -> AuditEvent:
    return doing.actor.event(
        doing.action,
        app=app.name,
        app_id=app.app_id,
        targets=[name],
        version=version,
        request_id=doing.request_id,
        outcome=FAILED if failed else OK,
    )


def _delete(tenant: str, app: App, name: str, attachment_id: str, *, key: str) -> Message:
    return delete_message(tenant, app.app_id, name, attachment_id=attachment_id, key=key)
