"""Opening everything sealed of an app at once, as a release would inject it, for a program on its caller's machine.

One audit event names what is opened, and is committed before any plaintext leaves; without it there is no plaintext.
Values that add-ons manage are among them, since programs don't start without their database (decision 65). Config vars
are not: they are config's to give.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from paaskit.access import AppRef
from paaskit.audit import FAILED, OK, Actor, AuditEvent
from paaskit.errors import NotFound, PaasError, PermissionDenied
from paaskit.redact import Plaintext
from paaskit.variables import refuse, violations_of
from services.secrets.keys.keyring import Keyring
from services.secrets.reveal import Apps, Given, Waiting
from services.secrets.rules.stored import Entry, Kind, secret_not_set

ACTION: Final = "secrets.run"


@dataclass(frozen=True)
class Sealed:
    """What is sealed of an app at one moment: entries by the name a program gets them under."""

    app_id: str
    version: int
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class Verdict:
    """What becomes of a request: the entries to be opened, by name, or why there are none; and what is on record."""

    opened: Mapping[str, Entry]
    events: Sequence[AuditEvent]
    refusal: PaasError | None = None


@dataclass(frozen=True)
class Value:
    """A value in the open, and whether an add-on manages it."""

    name: str
    plaintext: Plaintext
    is_managed: bool


@dataclass(frozen=True)
class Revealed:
    """Values by name, the version they are of, and the event that has them on record."""

    values: Sequence[Value]
    version: int
    event_id: str


Judge = Callable[[Sealed], Verdict]


class EnvironmentStore(Protocol):
    """What this needs of the database."""

    async def read_audited(self, tenant: str, app: str, judge: Judge) -> tuple[Sealed, Verdict] | None:
        """Return what is sealed and what becomes of it, once its events are committed; None for an app not known."""


class Environments:
    """Opens environments."""

    def __init__(
        self,
        store: EnvironmentStore,
        apps: Apps,
        keyring: Keyring,
        *,
        backlog: Waiting,
        record: "RecordAll",
        given: Given,
    ) -> None:
        self._given = given
        self._store = store
        self._apps = apps
        self._keyring = keyring
        self._backlog = backlog
        self._record = record

    async def reveal(self, actor: Actor, *, app: AppRef, names: Sequence[str]) -> Revealed:
        """Return the values of an app under `names`, without names all there are.

        Raises InvalidInput, NotFound for an app or a name that is not there, PermissionDenied for a namesake, or
        Unavailable.
        """
        if names:
            refuse(violations_of(names, field="names"))
        self._backlog.check()
        read = await self._store.read_audited(actor.tenant, app.name, lambda found: judge(actor, app, names, found))
        sealed, verdict = read or await self._of_an_app_without_any(actor, app, names)
        if verdict.refusal is not None:
            raise verdict.refusal
        keys = await self._keyring.keys_for(
            actor.tenant, {entry.sealed.generation for entry in verdict.opened.values()}
        )
        values = [
            Value(
                name=name,
                plaintext=keys.unseal(sealed.app_id, entry.name, entry.version, entry.sealed),
                is_managed=entry.kind is Kind.MANAGED,
            )
            for name, entry in sorted(verdict.opened.items())
        ]
        self._given(actor.tenant, sealed.app_id, verdict.opened.values())
        return Revealed(values=values, version=sealed.version, event_id=verdict.events[0].event_id)

    async def _of_an_app_without_any(self, actor: Actor, app: AppRef, names: Sequence[str]) -> tuple[Sealed, Verdict]:
        """Return what becomes of a request about an app that nothing is known of here: config says if there is one."""
        try:
            sealed = Sealed(await self._apps.resolve(app), 0, {})
        except NotFound:
            await self._record(*_events(actor, app, Sealed("", 0, {}), names, is_granted=False))
            raise
        verdict = judge(actor, app, names, sealed)
        await self._record(*verdict.events)
        return sealed, verdict


class RecordAll(Protocol):
    """See `paaskit.trail.Trail.record`."""

    async def __call__(self, *events: AuditEvent) -> None:
        """Keep events; they are committed when this returns. Raises Unavailable."""


def judge(actor: Actor, app: AppRef, names: Sequence[str], found: Sealed) -> Verdict:
    """Return what becomes of a request, given what is sealed. A denial is put on record where all denials are."""
    try:
        app.accept(found.app_id)
    except PermissionDenied as denied:
        return Verdict({}, [], denied)
    if missing := [name for name in names if name not in found.entries]:
        return Verdict({}, _events(actor, app, found, names, is_granted=False), secret_not_set(missing))
    opened = {name: found.entries[name] for name in names} if names else dict(found.entries)
    return Verdict(opened, _events(actor, app, found, sorted(opened), is_granted=True))


def _events(
    actor: Actor, app: AppRef, found: Sealed, names: Sequence[str], *, is_granted: bool
) -> Sequence[AuditEvent]:
    event = actor.event(
        ACTION,
        app=app.name,
        app_id=found.app_id,
        targets=names,
        version=found.version if is_granted else 0,
        outcome=OK if is_granted else FAILED,
    )
    return list(event.parts())
