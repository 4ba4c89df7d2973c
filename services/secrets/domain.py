"""The rules of sealed values: setting, rotating and unsetting them, and the one way in which every change happens."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.changes import (
    Action,
    Answer,
    Change,
    Mutation,
    NameChange,
    ReleaseQueue,
    changed,
    order_of,
    released,
    unchanged,
)
from paaskit.clock import Clock, IdSource
from paaskit.errors import FieldViolation, Refused
from paaskit.redact import Plaintext
from paaskit.releases import ReleaseOrder
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse, violations_of
from services.secrets.plan import (
    PREVIOUS_SUFFIX,
    App,
    Entry,
    Kind,
    NewEntry,
    Plan,
    make_plan,
    refuse_managed,
    secret_not_set,
)
from services.secrets.random_value import RandomValue, fresh_value
from services.secrets.sealing import Sealer

_LONGEST_OVERLAP = timedelta(days=30)


class Draft(Protocol):
    """An app that is locked for one change, with the entries asked for."""

    app: App
    current: Mapping[str, Entry]
    earlier: Answer | None

    async def keep(self, plan: Plan, *, event: AuditEvent | None, order: ReleaseOrder | None, answer: Answer) -> None:
        """Write the plan as the next version, what it causes, and the answer to remember."""

    async def overlap(self, name: str, *, due: datetime) -> None:
        """Have the overlap of a rotated name end at `due`."""

    async def give_up(self, names: Sequence[str]) -> None:
        """Have config told that these names are free, once this is committed."""


class Store(Protocol):
    """What the rules need of the database."""

    def draft(
        self, tenant: str, *, app_id: str, app: str, names: Sequence[str] | None, request: RequestKey | None
    ) -> AbstractAsyncContextManager[Draft]:
        """Lock an app for a change, making it known at need. Commits at the end of the context."""

    async def look(
        self, tenant: str, app_id: str, *, names: Sequence[str] | None
    ) -> tuple[App | None, Mapping[str, Entry]]:
        """Return an app, if it is known, and the entries asked for (None: all), without a lock."""

    async def app_id(self, tenant: str, app: str) -> str | None:
        """Return the id of an app that is known by this name."""

    def committed(self) -> None:
        """Say that a draft was committed."""


class Names(Protocol):
    """What the rules need of config, which owns names."""

    async def resolve(self, tenant: str, app: str) -> str:
        """Return an app's id. Raises NotFound."""

    async def claim(
        self, tenant: str, app: str, claims: Sequence[tuple[str, int]], *, validate_only: bool = False
    ) -> None:
        """Claim names with the sizes of their values: all or none. Raises Refused, LimitExceeded, NotFound."""

    async def settle(self, tenant: str, app_id: str, names: Sequence[str]) -> None:
        """Give up those of `names` that hold no value, now if config can be reached."""


class Vault:
    """Changes to an app's secrets."""

    def __init__(
        self, store: Store, names: Names, sealer: Sealer, releases: ReleaseQueue, *, new_id: IdSource, clock: Clock
    ) -> None:
        self._store = store
        self._names = names
        self._sealer = sealer
        self._releases = releases
        self._new_id = new_id
        self._clock = clock

    async def set_secrets(self, actor: Actor, order: Mutation, wanted: Sequence[tuple[str, Plaintext]]) -> Change:
        """Set secrets: all or none. Raises InvalidInput, NotFound, Refused, LimitExceeded or Unavailable."""
        names = [name for name, _ in wanted]
        values = [plaintext.reveal() for _, plaintext in wanted]
        refuse([check_request_id(order.request_id), *violations_of(names, values, field="secrets")])
        await self._sealer.prepare(actor.tenant)
        if order.validate_only:
            return await self._preview_set(actor, order, wanted)

        async def write(draft: Draft) -> Plan:
            refuse_managed(draft.current, names)
            differing = await self._sealer.differing(actor.tenant, draft.app, draft.current, wanted)
            await self._names.claim(actor.tenant, order.app, _claims(draft.current, differing))
            return await self._sealed_plan(actor.tenant, draft, differing)

        return await self._change(actor, order, action="secrets.set", verb="Set", names=names, write=write)

    async def rotate(
        self, actor: Actor, order: Mutation, *, name: str, source: RandomValue | Plaintext, overlap: timedelta
    ) -> Change:
        """Give an existing secret a new value. Raises InvalidInput, NotFound, Refused or Unavailable."""
        given = [source.reveal()] if isinstance(source, Plaintext) else None
        refuse(
            [check_request_id(order.request_id), *violations_of([name], given, field="name"), _check_overlap(overlap)]
        )
        plaintext = source if isinstance(source, Plaintext) else fresh_value(source)
        previous_name = name + PREVIOUS_SUFFIX
        await self._sealer.prepare(actor.tenant)

        async def write(draft: Draft) -> Plan:
            refuse_managed(draft.current, [name])
            if name not in draft.current:
                raise secret_not_set([name], "Only a secret that exists is rotated; `paas secrets:set` makes one.")
            claims = [(name, plaintext.size)]
            if overlap:
                if previous_name in draft.current:
                    raise Refused(f"{previous_name} is a secret of its own, so {name} can't overlap. Unset it first.")
                refuse(violations_of([previous_name], field="name"))
                claims.append((previous_name, draft.current[name].size))
            await self._names.claim(actor.tenant, order.app, claims)
            until = self._clock() + overlap if overlap else None
            if until is not None:
                await draft.overlap(name, due=until)
            return await self._sealed_plan(actor.tenant, draft, [(name, plaintext)], previous_until=until)

        names = [name, previous_name]
        return await self._change(actor, order, action="secrets.rotate", verb="Rotate", names=names, write=write)

    async def unset(self, actor: Actor, order: Mutation, names: Sequence[str], *, ignore_missing: bool) -> Change:
        """Unset secrets: all or none. Raises InvalidInput, NotFound, Refused or Unavailable."""
        refuse([check_request_id(order.request_id), *violations_of(names, field="names")])
        app_id = await self._app_id(actor.tenant, order.app)

        def removed_of(current: Mapping[str, Entry]) -> list[str]:
            refuse_managed(current, names)
            missing = [name for name in names if name not in current]
            if missing and not ignore_missing:
                raise secret_not_set(missing, "Nothing was changed; `--ignore-missing` passes over such names.")
            return [name for name in names if name in current]

        if order.validate_only:
            app, current = await self._store.look(actor.tenant, app_id, names=names)
            changes = [NameChange(name, Action.REMOVED) for name in removed_of(current)]
            return Change(version=app.version if app else 0, changes=changes)

        async def write(draft: Draft) -> Plan:
            removed = removed_of(draft.current)
            await draft.give_up([*removed, *(name + PREVIOUS_SUFFIX for name in removed)])
            return make_plan(draft.app, draft.current, remove=removed)

        try:
            return await self._change(actor, order, action="secrets.unset", verb="Unset", names=names, write=write)
        finally:
            # The names are free at once where config can be reached; where it can't, the outbox tells it later. Also
            # after a refusal: a name that was claimed but never stored would otherwise be taken for ever.
            await self._names.settle(actor.tenant, app_id, names)

    async def _change(
        self,
        actor: Actor,
        order: Mutation,
        *,
        action: str,
        verb: str,
        names: Sequence[str],
        write: Callable[[Draft], Awaitable[Plan]],
    ) -> Change:
        """Lock, plan, keep with audit event and release order, and after the commit ask for the release."""
        app_id = await self._app_id(actor.tenant, order.app)
        key = RequestKey(
            request_id=order.request_id,
            subject=actor.name,
            method=action,
            fingerprint=fingerprint(order.app, names, str(order.stage)),
        )
        async with self._store.draft(actor.tenant, app_id=app_id, app=order.app, names=names, request=key) as draft:
            answer = draft.earlier
            if answer is None:
                plan = await write(draft)
                answer = unchanged(draft.app.version)
                if plan.changes:
                    answer = changed(
                        version=draft.app.version + 1,
                        change_id=self._new_id(),
                        changes=plan.changes,
                        verb=verb,
                        stage=order.stage,
                    )
                event = actor.event(
                    action,
                    app=order.app,
                    targets=[change.name for change in plan.changes],
                    version=answer["version"],
                    request_id=order.request_id,
                )
                release = order_of(answer, actor, app_id=app_id, app=order.app)
                await draft.keep(plan, event=event if plan.changes else None, order=release, answer=answer)
            release = order_of(answer, actor, app_id=app_id, app=order.app)
        self._store.committed()
        return await released(answer, release, self._releases)

    async def _preview_set(self, actor: Actor, order: Mutation, wanted: Sequence[tuple[str, Plaintext]]) -> Change:
        names = [name for name, _ in wanted]
        app_id = await self._app_id(actor.tenant, order.app)
        app, current = await self._store.look(actor.tenant, app_id, names=names)
        app = app or App(app_id=app_id, name=order.app, version=0, next_position=1)
        refuse_managed(current, names)
        differing = await self._sealer.differing(actor.tenant, app, current, wanted)
        await self._names.claim(actor.tenant, order.app, _claims(current, differing), validate_only=True)
        actions = [Action.CHANGED if name in current else Action.ADDED for name, _ in differing]
        changes = [NameChange(name, action) for (name, _), action in zip(differing, actions, strict=True)]
        return Change(version=app.version, changes=changes)

    async def _sealed_plan(
        self,
        tenant: str,
        draft: Draft,
        values: Sequence[tuple[str, Plaintext]],
        *,
        previous_until: datetime | None = None,
    ) -> Plan:
        sealed = await self._sealer.seal(tenant, draft.app.app_id, draft.app.version + 1, values)
        entries = [
            NewEntry(
                name=name,
                kind=Kind.SECRET,
                generation=generation,
                sealed=blob,
                size=plaintext.size,
                previous=draft.current[name].version if previous_until is not None else None,
                previous_until=previous_until,
            )
            for (name, plaintext), (generation, blob) in zip(values, sealed, strict=True)
        ]
        return make_plan(draft.app, draft.current, keep=entries)

    async def _app_id(self, tenant: str, app: str) -> str:
        return await self._store.app_id(tenant, app) or await self._names.resolve(tenant, app)


def _claims(current: Mapping[str, Entry], wanted: Sequence[tuple[str, Plaintext]]) -> list[tuple[str, int]]:
    """Return what config has to hear of: new names, and values whose size counts differently now."""
    return [
        (name, plaintext.size)
        for name, plaintext in wanted
        if name not in current or current[name].size != plaintext.size
    ]


def _check_overlap(overlap: timedelta) -> FieldViolation | None:
    if timedelta(0) <= overlap <= _LONGEST_OVERLAP:
        return None
    return FieldViolation("overlap", "an overlap is at most 30 days")
