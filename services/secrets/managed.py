"""The values of variables that add-ons manage: sealed here, while config keeps everything else about them."""

from dataclasses import dataclass

from paaskit.errors import Refused
from paaskit.redact import Plaintext
from paaskit.requests import request_id_reused
from paaskit.variables import refuse, violations_of
from paaskit.write_path import Decision, NoEvent
from services.secrets.changes import Changes, SecretsChange
from services.secrets.rules.claims import names_needed
from services.secrets.rules.outcome import Means
from services.secrets.rules.plan import Plan, plan_of
from services.secrets.rules.stored import App, Kind, Snapshot
from services.secrets.rules.values import is_value_of, new_entry
from services.secrets.store import Store


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A value that an add-on attaches. `attachment_id` is of one request; a later one replaces it."""

    name: str
    value: Plaintext
    attachment_id: str


class Managed:
    """Stores and deletes managed values. What is recorded of them is config's."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._changes = changes

    async def store(self, tenant: str, app: App, attachment: Attachment) -> tuple[bool, int]:
        """Seal a value; return whether it differs from the one before, and the version that has it.

        Raises Refused for the name of a secret, InvalidInput for another value of the same attaching, NotFound for a
        destroyed app, or Unavailable.
        """
        refuse(violations_of([attachment.name], [attachment.value.reveal()], field="name"))
        change = SecretsChange(
            tenant=tenant,
            app=app,
            names=[attachment.name],
            decide=lambda snapshot, means: attach(snapshot, means, attachment),
        )
        answer = await self._changes.make(change)
        return answer["changed"], answer["version"]

    async def delete(self, tenant: str, *, app_id: str, name: str, attachment_id: str) -> None:
        """Drop a value, if it is still of this attaching. Raises Unavailable."""
        app = await self._store.known(tenant, app_id)
        if app is None:
            return
        change = SecretsChange(
            tenant=tenant,
            app=app,
            names=[name],
            sealing=False,
            decide=lambda snapshot, _: detach(snapshot, name, attachment_id),
        )
        await self._changes.make(change)


def attach(snapshot: Snapshot, means: Means, attachment: Attachment) -> Decision[Plan]:
    """Decide on an add-on's value.

    Raises Refused where the name is a secret, or staged to be one, and InvalidInput where this attaching has stored
    another value already: config can't tell that a repeated request has another value, since it must not digest one.
    """
    name = attachment.name
    if name in names_needed(snapshot):
        raise Refused(f"{name} is a secret of this app. Unset it first.", reason="NAME_IS_SECRET")
    present = snapshot.current.get(name)
    if present is not None and is_value_of(means.keys, snapshot, present, attachment.value):
        # The value goes with the attaching that replaces the one before.
        plan = Plan(reattach={name: attachment.attachment_id})
        answer = {"changed": False, "version": snapshot.app.version}
        return Decision(answer=answer, rows=plan, no_event=NoEvent.PART)
    if present is not None and present.attachment_id == attachment.attachment_id:
        raise request_id_reused()
    entry = new_entry(
        means.keys, snapshot, name, attachment.value, kind=Kind.MANAGED, attachment_id=attachment.attachment_id
    )
    answer = {"changed": True, "version": snapshot.app.version + 1}
    return Decision(answer=answer, rows=plan_of(snapshot, keep=[entry]), no_event=NoEvent.PART)


def detach(snapshot: Snapshot, name: str, attachment_id: str) -> Decision[Plan]:
    """Decide on dropping an add-on's value: none that is not there, or was attached anew since."""
    present = snapshot.current.get(name)
    if present is None or present.kind is not Kind.MANAGED or present.attachment_id != attachment_id:
        return Decision(answer={})
    return Decision(answer={}, rows=plan_of(snapshot, remove=[name]), no_event=NoEvent.PART)
