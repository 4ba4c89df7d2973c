"""What releaser asks of a draft: what is in it, and to make it live."""

from collections.abc import Sequence
from dataclasses import dataclass

from paaskit.audit import Actor
from paaskit.changes import Answer, unchanged
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse
from services.secrets.changes import Changes, SecretsChange
from services.secrets.rules import draft
from services.secrets.rules.draft import StagedChange, told
from services.secrets.rules.outcome import Cause
from services.secrets.store import Store
from services.secrets.store.readings import Readings


@dataclass(frozen=True, kw_only=True)
class DraftRelease:
    """An order to make live what was staged up to a revision."""

    app_id: str
    request_id: str
    change_id: str
    revision: int
    replace_newer: bool
    description: str


class Drafts:
    """The drafts of apps."""

    def __init__(self, store: Store, readings: Readings, changes: Changes) -> None:
        self._store = store
        self._readings = readings
        self._changes = changes

    async def staged(self, tenant: str, app_id: str) -> Sequence[StagedChange]:
        """Return what is staged, by name."""
        return [told(staged, live=live) for staged, live in await self._readings.staged(tenant, app_id)]

    async def get(self, tenant: str, app_id: str) -> tuple[int | None, Sequence[StagedChange]]:
        """Return what is staged, and the number of the newest staging; None where nothing is staged."""
        app = await self._store.known(tenant, app_id)
        staged = await self.staged(tenant, app_id) if app is not None else ()
        return (app.draft_revision if app is not None and staged else None), staged

    async def release(self, actor: Actor, order: DraftRelease) -> Answer:
        """Make a draft live, once per request id. The order for its release is kept, and sent by whoever asked.

        What the draft was then is no part of what makes a request the same one: who asks again can't know it any more.
        Raises Refused where it would replace newer values and is not to, LimitExceeded, NotFound or Unavailable.
        """
        refuse([check_request_id(order.request_id)])
        app = await self._store.known(actor.tenant, order.app_id)
        if app is None:
            return unchanged(0)
        cause = Cause(
            actor=actor,
            action="secrets.release",
            request_id=order.request_id,
            change_id=order.change_id,
            description=order.description,
        )
        change = SecretsChange(
            tenant=actor.tenant,
            app=app,
            request=RequestKey(
                request_id=order.request_id,
                subject=actor.credential,
                method="secrets.release",
                fingerprint=fingerprint(order.change_id),
            ),
            needs=lambda seen, _: draft.needs_of_release(seen, order.revision),
            leaves=lambda seen: draft.names_leaving(seen, order.revision),
            decide=lambda snapshot, means: draft.release(
                snapshot, means, cause, revision=order.revision, replace_newer=order.replace_newer
            ),
        )
        return await self._changes.make(change)
