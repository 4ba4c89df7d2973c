"""The rules of what other services may ask: claiming names, restoring versions, managed variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from paaskit.audit import Actor
from paaskit.changes import Change, Mutation, NameChange, changed, names_in
from paaskit.errors import Conflict, FieldViolation, Refused
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import listing, refuse, violations_of
from services.config.domain import App, Decision, Registry, Snapshot, Store
from services.config.plan import (
    Entry,
    Kind,
    Plan,
    plan_attach,
    plan_claim,
    plan_release,
    plan_restore,
    refuse_kinds,
    size_of,
)

_MAX_DISPLAY = 256


class Vault(Protocol):
    """What the rules need of secrets, for managed values."""

    async def store_managed(self, tenant: str, app: App, name: str, value: str) -> bool:
        """Seal a value; return whether it differs from the one before."""

    async def delete_managed(self, tenant: str, app: App, name: str) -> None:
        """Drop a value."""


@dataclass(frozen=True, kw_only=True)
class Restore:
    """An order to make an old version current again. `everything` includes which names are secrets."""

    app_id: str
    version: int
    change_id: str
    everything: bool
    expected_version: int = 0
    validate_only: bool = False


class Internal:
    """What secrets, releaser and provisioners may ask."""

    def __init__(self, store: Store, registry: Registry, vault: Vault) -> None:
        self._store = store
        self._registry = registry
        self._vault = vault

    async def claim(self, tenant: str, app: str, claims: Sequence[tuple[str, int]], *, validate_only: bool) -> str:
        """Claim names for secrets: all or none. Returns the app's id. Raises NotFound, Refused or LimitExceeded."""
        names = [name for name, _ in claims]
        refuse(violations_of(names, field="claims"))
        if validate_only:
            found, current = await self._store.look(tenant, app, names=names)
            plan_claim(current, found.totals, claims)
            return found.app_id

        def decide(snapshot: Snapshot) -> Decision:
            return Decision(plan=plan_claim(snapshot.current, snapshot.app.totals, claims), answer={})

        claimed, _ = await self._store.change(tenant, app, names=names, decide=decide)
        return claimed.app_id

    async def release(self, tenant: str, app_id: str, names: Sequence[str]) -> None:
        """Give up names that are secrets. Raises NotFound."""

        def decide(snapshot: Snapshot) -> Decision:
            return Decision(plan=plan_release(snapshot.current, snapshot.app.totals, names), answer={})

        await self._store.change(tenant, app_id, names=names, by_id=True, decide=decide)

    async def restore(self, actor: Actor, order: Restore) -> tuple[int, tuple[NameChange, ...]]:
        """Make a new version that equals an old one, once per change id. Raises Conflict, Refused, InvalidInput."""
        key = RequestKey(
            request_id=order.change_id,
            subject=actor.name,
            method="restore",
            fingerprint=fingerprint(order.app_id, str(order.version), str(order.everything)),
        )
        refuse([check_request_id(order.change_id)] if not order.validate_only else [])

        def decide(snapshot: Snapshot) -> Decision:
            if order.expected_version not in (0, snapshot.app.version):
                raise Conflict("A newer change has been made in the meantime.", reason="ETAG_MISMATCH")
            return _restoring(actor, order, snapshot)

        _, answer = await self._store.change(
            actor.tenant,
            order.app_id,
            names=None,
            by_id=True,
            at=order.version,
            request=None if order.validate_only else key,
            decide=decide,
        )
        return answer["version"], names_in(answer)

    async def attach(self, actor: Actor, order: Mutation, *, addon: str, name: str, value: str, display: str) -> Change:
        """Attach a managed variable or replace its value. Raises InvalidInput, NotFound or Refused."""
        refuse(
            [
                check_request_id(order.request_id),
                *violations_of([name], [value], field="name"),
                FieldViolation("addon", "an add-on has a name of at most 64 characters")
                if not _is_addon(addon)
                else None,
                FieldViolation("display", "a display form has 1 to 256 printable characters")
                if not 0 < len(display) <= _MAX_DISPLAY or not display.isprintable()
                else None,
            ]
        )
        if display == value:
            raise Refused("The display form must not be the value itself.", reason="INVALID_INPUT")
        entry = Entry(name=name, kind=Kind.MANAGED, value=display, addon=addon, size=size_of(name, value), position=-1)
        app, current = await self._store.look(actor.tenant, order.app, names=[name])
        plan_attach(current, app.totals, entry)
        differs = await self._vault.store_managed(actor.tenant, app, name, value)
        return await self._registry.change(
            actor,
            order,
            action="addons.attach",
            names=[name],
            make_plan=lambda app, current: plan_attach(current, app.totals, entry),
            description=listing("Attach", [name]),
            even_if_unchanged=differs,
        )

    async def detach(self, actor: Actor, order: Mutation, *, addon: str, name: str) -> Change:
        """Detach a managed variable; one that is not there changes nothing. Raises InvalidInput, NotFound, Refused."""
        refuse([check_request_id(order.request_id), *violations_of([name], field="name")])

        def make_plan(app: App, current: Mapping[str, Entry]) -> Plan:
            refuse_kinds(current, [name], allowed=Kind.MANAGED)
            if name in current and current[name].addon != addon:
                raise Refused(f"{name} is managed by another add-on.", reason="NAME_IS_MANAGED")
            kept = {key: each for key, each in current.items() if key == name}
            return plan_restore(kept, app.totals, {}, kinds=[Kind.MANAGED])

        change = await self._registry.change(
            actor,
            order,
            action="addons.detach",
            names=[name],
            make_plan=make_plan,
            description=listing("Detach", [name]),
        )
        app, _ = await self._store.look(actor.tenant, order.app, names=[name])
        await self._vault.delete_managed(actor.tenant, app, name)
        return change


def _restoring(actor: Actor, order: Restore, snapshot: Snapshot) -> Decision:
    assert snapshot.then is not None
    app, (spec, old) = snapshot.app, snapshot.then
    # Managed variables are never taken back: the add-on's former password is no password any more.
    kinds = [Kind.CONFIG, Kind.SECRET] if order.everything else [Kind.CONFIG]
    plan = replace(
        plan_restore(snapshot.current, app.totals, old, kinds=kinds), spec=None if spec == app.spec else spec
    )
    version = app.version + (0 if plan.is_empty or order.validate_only else 1)
    answer = changed(version=version, change_id=order.change_id, changes=plan.changes, verb="Restore", stage=False)
    if plan.is_empty or order.validate_only:
        return Decision(plan=Plan(totals=app.totals), answer=answer)
    event = actor.event(
        "config.restore",
        app=app.name,
        targets=[change.name for change in plan.changes],
        version=version,
        request_id=order.change_id,
    )
    return Decision(plan=plan, answer=answer, event=event)


def _is_addon(addon: str) -> bool:
    return 0 < len(addon) <= 64 and addon.isprintable()
