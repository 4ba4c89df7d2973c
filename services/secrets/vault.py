"""Setting, rotating and unsetting secrets, as users ask for it: live, into the draft, or only to see what would be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from paaskit.audit import Actor
from paaskit.changes import Action, Answer, Change, Mutation, NameChange, change_of
from paaskit.clock import Clock, IdSource
from paaskit.errors import FieldViolation, NotFound
from paaskit.redact import Plaintext
from paaskit.releases import Releases
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse, violations_of
from services.secrets.changes import Changes, SecretsChange
from services.secrets.keys.keyring import Keyring
from services.secrets.registry import Registry
from services.secrets.rules import draft, live
from services.secrets.rules.claims import Need
from services.secrets.rules.expiry import SAYS_NOTHING, Asked
from services.secrets.rules.expiry import violations as violations_of_ends
from services.secrets.rules.outcome import Cause, order_of
from services.secrets.rules.random_value import RandomValue, fresh_value
from services.secrets.rules.stored import App, refuse_managed
from services.secrets.rules.values import Values

LONGEST_OVERLAP: Final = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What came of values that were to be saved.

    `kept` are names whose value was that already, so that their terms alone are new. `expires_at` is the end of the
    values, `span` for how long they are good from their release.
    """

    change: Change
    kept: Sequence[str] = ()
    expires_at: datetime | None = None
    span: timedelta | None = None


class Vault:
    """Changes to an app's secrets. Everything that is asked for is done, or nothing."""

    def __init__(
        self,
        changes: Changes,
        keyring: Keyring,
        registry: Registry,
        releases: Releases,
        *,
        new_id: IdSource,
        clock: Clock,
    ) -> None:
        self._changes = changes
        self._keyring = keyring
        self._registry = registry
        self._releases = releases
        self._new_id = new_id
        self._clock = clock

    async def set_secrets(self, actor: Actor, order: Mutation, wanted: Values, *, asked: Asked = SAYS_NOTHING) -> Saved:
        """Set secrets. Raises InvalidInput, NotFound, Refused, LimitExceeded or Unavailable."""
        names = [name for name, _ in wanted]
        values = [plaintext.reveal() for _, plaintext in wanted]
        refuse(
            [
                check_request_id(order.request_id),
                *violations_of(names, values, field="secrets"),
                *violations_of_ends(asked, self._clock()),
            ]
        )
        app = await self._changes.find(order.app)
        if order.validate_only:
            return Saved(change=await self._preview_set(actor.tenant, app, wanted))
        cause = self._cause(actor, order, "set", verb="Set")
        request = await self._request(order, actor, "secrets.set", names, *asked.parts(), values=wanted)
        if order.stage:
            change = SecretsChange(
                tenant=actor.tenant,
                app=app,
                request=request,
                leaving=True,
                checks=lambda seen: draft.sizes_once_released(seen, wanted),
                needs=lambda seen, _: draft.needs_of_staging(seen, wanted),
                decide=lambda snapshot, means: draft.stage(snapshot, means, cause, wanted, asked=asked),
            )
        else:
            change = SecretsChange(
                tenant=actor.tenant,
                app=app,
                request=request,
                names=names,
                needs=lambda seen, _: live.needs_of_set(seen, wanted),
                decide=lambda snapshot, means: live.set_secrets(snapshot, means, cause, wanted, asked=asked),
            )
        return await self._saved(actor, app, change)

    async def rotate(
        self,
        actor: Actor,
        order: Mutation,
        *,
        name: str,
        source: RandomValue | Plaintext,
        overlap: timedelta,
        asked: Asked = SAYS_NOTHING,
    ) -> Saved:
        """Give an existing secret a new value. Raises InvalidInput, NotFound, Refused, LimitExceeded or Unavailable."""
        given = source if isinstance(source, Plaintext) else None
        values = None if given is None else [given.reveal()]
        refuse(
            [
                check_request_id(order.request_id),
                *violations_of([name], values, field="name"),
                _check_overlap(overlap),
                *violations_of_ends(asked, self._clock()),
            ]
        )
        plaintext = source if isinstance(source, Plaintext) else fresh_value(source)
        app = await self._changes.find(order.app)
        cause = self._cause(actor, order, "rotate", verb="Rotate")
        how = ("given",) if isinstance(source, Plaintext) else ("random", source.length, source.format.value)
        request = await self._request(
            order,
            actor,
            "secrets.rotate",
            [name],
            *how,
            overlap.total_seconds(),
            *asked.parts(),
            values=[] if given is None else [(name, given)],
        )
        if order.stage:
            change = SecretsChange(
                tenant=actor.tenant,
                app=app,
                request=request,
                leaving=True,
                checks=lambda seen: draft.sizes_once_released(seen, [(name, plaintext)]),
                needs=lambda seen, _: draft.needs_of_rotation(seen, name, overlap=bool(overlap)),
                decide=lambda snapshot, means: draft.stage_rotation(
                    snapshot, means, cause, name=name, plaintext=plaintext, overlap=overlap, asked=asked
                ),
            )
        else:
            change = SecretsChange(
                tenant=actor.tenant,
                app=app,
                request=request,
                names=[name],
                needs=lambda seen, _: live.needs_of_rotation(seen, name, plaintext, overlap=bool(overlap)),
                decide=lambda snapshot, means: live.rotate(
                    snapshot, means, cause, name=name, plaintext=plaintext, overlap=overlap, asked=asked
                ),
            )
        return await self._saved(actor, app, change)

    async def unset(self, actor: Actor, order: Mutation, names: Sequence[str], *, ignore_missing: bool) -> Change:
        """Unset secrets. Raises InvalidInput, NotFound, Refused or Unavailable."""
        refuse([check_request_id(order.request_id), *violations_of(names, field="names")])
        app = await self._changes.find(order.app)
        cause = self._cause(actor, order, "unset", verb="Unset")
        decide = draft.stage_unset if order.stage else live.unset
        change = SecretsChange(
            tenant=actor.tenant,
            app=app,
            names=names,
            sealing=False,
            leaves=lambda seen: live.names_leaving(seen, names),
            decide=lambda snapshot, means: decide(snapshot, means, cause, names, ignore_missing=ignore_missing),
        )
        if order.validate_only:
            removed_of = draft.names_to_stage_unset if order.stage else live.names_to_unset
            seen = await self._changes.look(actor.tenant, app, names=names)
            removed = removed_of(seen, names, ignore_missing=ignore_missing)
            await self._registry.check_unused(actor.tenant, app.app_id, live.names_leaving(seen, names))
            return Change(version=seen.app.version, changes=[NameChange(name, Action.REMOVED) for name in removed])
        request = await self._request(order, actor, "secrets.unset", names, ignore_missing)
        try:
            made = await self._made(actor, app, replace(change, request=request))
        except NotFound:
            await self._changes.free_lost(actor.tenant, app, names)
            raise
        if len(made.changes) < len(names):
            await self._changes.free_lost(actor.tenant, app, names)
        return made

    async def discard(self, actor: Actor, order: Mutation, names: Sequence[str]) -> Sequence[NameChange]:
        """Drop staged changes, all of them without names; return what they would have done.

        Raises InvalidInput, NotFound for the app, or Unavailable.
        """
        refuse([check_request_id(order.request_id), *(violations_of(names, field="names") if names else ())])
        app = await self._changes.find(order.app)
        cause = self._cause(actor, order, "discard", verb="Discard")
        change = SecretsChange(
            tenant=actor.tenant,
            app=app,
            names=names or None,
            request=await self._request(order, actor, "secrets.discard", names),
            sealing=False,
            decide=lambda snapshot, _: draft.discard(snapshot, cause, names),
        )
        return (await self._made(actor, app, change)).changes

    async def _preview_set(self, tenant: str, app: App, wanted: Values) -> Change:
        """Say what would be set. Every name that is there counts as changed: more would be a way to guess values."""
        names = [name for name, _ in wanted]
        seen = await self._changes.look(tenant, app, names=names)
        refuse_managed(seen.current, names)
        live.refuse_previous(seen, names)
        await self._registry.check(tenant, app.app_id, [Need(name, plaintext.size) for name, plaintext in wanted])
        actions = [Action.CHANGED if name in seen.current else Action.ADDED for name in names]
        return Change(
            version=seen.app.version, changes=[NameChange(*each) for each in zip(names, actions, strict=True)]
        )

    async def _made(self, actor: Actor, app: App, change: SecretsChange) -> Change:
        """Make a change, and ask for its release once it is committed."""
        return (await self._saved(actor, app, change)).change

    async def _saved(self, actor: Actor, app: App, change: SecretsChange) -> Saved:
        answer = await self._changes.make(change)
        order = order_of(answer, actor, app)
        made = change_of(answer, release=None if order is None else await self._releases.request(order))
        return _saved_of(answer, made)

    def _cause(self, actor: Actor, order: Mutation, what: str, *, verb: str) -> Cause:
        return Cause(
            actor=actor,
            action="secrets.stage" if order.stage else f"secrets.{what}",
            request_id=order.request_id,
            change_id=self._new_id(),
            verb=verb,
        )

    async def _request(
        self, order: Mutation, actor: Actor, method: str, names: Sequence[str], *more: object, values: Values = ()
    ) -> RequestKey:
        """Return what makes a request the same one again. Values count as MACs under the tenant's newest key.

        One that was made before the key had a successor is known by its own, and one that another process made with a
        successor by that.
        """
        parts = (names, order.stage, *more)
        if not values:
            prints = [fingerprint(*parts)]
        else:
            keys = await self._keyring.caught_up(actor.tenant)
            macs = sorted(keys.fingerprints(values).items(), reverse=True)
            prints = [f"{generation}.{fingerprint(*parts, each)}" for generation, each in macs]
        return RequestKey(
            request_id=order.request_id,
            subject=actor.credential,
            method=method,
            fingerprint=prints[0],
            also=tuple(prints[1:]),
        )


def _saved_of(answer: Answer, change: Change) -> Saved:
    expires_at, seconds = answer.get("expires_at"), answer.get("span_seconds")
    return Saved(
        change=change,
        kept=answer.get("kept", ()),
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
        span=None if seconds is None else timedelta(seconds=seconds),
    )


def _check_overlap(overlap: timedelta) -> FieldViolation | None:
    if timedelta(0) <= overlap <= LONGEST_OVERLAP:
        return None
    return FieldViolation("overlap", "an overlap is at most 30 days")
