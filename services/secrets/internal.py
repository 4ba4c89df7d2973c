"""The rules of what other services may ask: opening values for a release, restoring, managed values, forgetting."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.changes import Answer, NameChange, changed, names_in
from paaskit.errors import Conflict, Refused
from paaskit.redact import Plaintext
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse, violations_of
from services.secrets.domain import Draft
from services.secrets.plan import PREVIOUS_SUFFIX, App, Entry, Kind, NewEntry, Plan, make_plan
from services.secrets.sealing import Sealer, same


class Store(Protocol):
    """What the rules need of the database."""

    def draft(
        self, tenant: str, *, app_id: str, app: str, names: Sequence[str] | None, request: RequestKey | None
    ) -> AbstractAsyncContextManager[Draft]:
        """Lock an app for a change. Commits at the end of the context."""

    async def look(
        self, tenant: str, app_id: str, *, names: Sequence[str] | None
    ) -> tuple[App | None, Mapping[str, Entry]]:
        """Return an app, if it is known, and its entries."""

    async def at_version(
        self,
        tenant: str,
        app_id: str,
        version: int,
        *,
        names: Sequence[str] | None,
        event: Callable[[App, int], AuditEvent] | None,
    ) -> tuple[int, list[Entry], list[Entry]]:
        """Commit the event of what is read; return the version (0: newest), its entries, and values that overlap."""

    async def purge(self, tenant: str, app_id: str) -> None:
        """Delete an app and every sealed value of it."""

    def committed(self) -> None:
        """Say that a draft was committed."""


@dataclass(frozen=True, kw_only=True)
class Restore:
    """An order to make the secrets of an old version current again."""

    app_id: str
    version: int
    change_id: str
    expected_version: int = 0
    validate_only: bool = False


class Internal:
    """What releaser and config may ask."""

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer

    async def resolve(
        self, actor: Actor, *, app_id: str, version: int, names: Sequence[str], release: int
    ) -> tuple[int, list[tuple[str, Plaintext]]]:
        """Open what a release injects. The audit event is committed before this returns. Raises Unavailable."""

        def event(app: App, version: int) -> AuditEvent:
            return actor.event("secrets.resolve", app=app.name, targets=[f"v{release}"], version=version)

        found, entries, previous = await self._store.at_version(actor.tenant, app_id, version, names=names, event=event)
        self._store.committed()
        opened = {entry.name: await self._sealer.unseal(actor.tenant, app_id, entry) for entry in entries}
        for entry in previous:
            opened.setdefault(entry.name + PREVIOUS_SUFFIX, await self._sealer.unseal(actor.tenant, app_id, entry))
        return found, list(opened.items())

    async def restore(self, actor: Actor, order: Restore) -> tuple[int, Sequence[NameChange]]:
        """Make a new version whose secrets equal an old one's, once per change id. Raises Conflict."""
        refuse([check_request_id(order.change_id)] if not order.validate_only else [])
        await self._sealer.prepare(actor.tenant)
        app, now = await self._store.look(actor.tenant, order.app_id, names=None)
        if app is None:
            return 0, ()
        _, then, _ = await self._store.at_version(actor.tenant, order.app_id, order.version, names=None, event=None)
        if order.version == 0:
            then = []
        if order.validate_only:
            plan = await self._restored(actor.tenant, app, now, then)
            return app.version, plan.changes
        key = RequestKey(
            request_id=order.change_id,
            subject=actor.name,
            method="restore",
            fingerprint=fingerprint(order.app_id, str(order.version)),
        )
        async with self._store.draft(actor.tenant, app_id=order.app_id, app=app.name, names=None, request=key) as draft:
            if draft.earlier is not None:
                return draft.earlier["version"], names_in(draft.earlier)
            if order.expected_version not in (0, draft.app.version):
                raise Conflict("A newer change has been made in the meantime.")
            plan = await self._restored(actor.tenant, draft.app, draft.current, then)
            version = draft.app.version + (1 if plan.changes else 0)
            answer: Answer = changed(
                version=version, change_id=order.change_id, changes=plan.changes, verb="Restore", stage=False
            )
            event = actor.event(
                "secrets.restore",
                app=app.name,
                targets=[change.name for change in plan.changes],
                version=version,
                request_id=order.change_id,
            )
            await draft.keep(plan, event=event if plan.changes else None, order=None, answer=answer)
        self._store.committed()
        return version, plan.changes

    async def store_managed(self, tenant: str, *, app_id: str, app: str, name: str, value: Plaintext) -> bool:
        """Seal an add-on's value; return whether it differs from the one before. Raises Refused for a secret's name."""
        refuse(violations_of([name], [value.reveal()], field="name"))
        await self._sealer.prepare(tenant)
        async with self._store.draft(tenant, app_id=app_id, app=app, names=[name], request=None) as draft:
            present = draft.current.get(name)
            if present is not None and present.kind is not Kind.MANAGED:
                raise Refused(f"{name} is a secret of this app. Unset it first.", reason="NAME_IS_SECRET")
            if present is not None and same(await self._sealer.unseal(tenant, app_id, present), value):
                return False
            entry = await self._sealed(tenant, draft.app, name, Kind.MANAGED, value)
            await draft.keep(make_plan(draft.app, draft.current, keep=[entry]), event=None, order=None, answer={})
        return True

    async def delete_managed(self, tenant: str, *, app_id: str, name: str) -> None:
        """Drop an add-on's value; one that is not there is no error."""
        app, current = await self._store.look(tenant, app_id, names=[name])
        if app is None or name not in current or current[name].kind is not Kind.MANAGED:
            return
        async with self._store.draft(tenant, app_id=app_id, app=app.name, names=[name], request=None) as draft:
            if name in draft.current:
                await draft.keep(make_plan(draft.app, draft.current, remove=[name]), event=None, order=None, answer={})

    async def purge(self, tenant: str, app_id: str) -> None:
        """Delete every sealed value of a destroyed app."""
        await self._store.purge(tenant, app_id)

    async def _restored(self, tenant: str, app: App, now: Mapping[str, Entry], then: Sequence[Entry]) -> Plan:
        """Seal old values anew for the next version: a seal is bound to the version that stores it."""
        keep: list[NewEntry] = []
        old = [entry for entry in then if entry.kind is Kind.SECRET]
        for entry in old:
            present = now.get(entry.name)
            if present is not None and (present.kind is not Kind.SECRET or present.version == entry.version):
                continue
            plaintext = await self._sealer.unseal(tenant, app.app_id, entry)
            if present is None or not same(await self._sealer.unseal(tenant, app.app_id, present), plaintext):
                keep.append(await self._sealed(tenant, app, entry.name, Kind.SECRET, plaintext))
        names = {entry.name for entry in old}
        remove = [name for name, entry in now.items() if entry.kind is Kind.SECRET and name not in names]
        return make_plan(app, now, keep=keep, remove=remove)

    async def _sealed(self, tenant: str, app: App, name: str, kind: Kind, plaintext: Plaintext) -> NewEntry:
        ((generation, sealed),) = await self._sealer.seal(tenant, app.app_id, app.version + 1, [(name, plaintext)])
        return NewEntry(name=name, kind=kind, generation=generation, sealed=sealed, size=plaintext.size)
