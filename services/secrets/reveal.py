"""Reading values. The audit event is committed before any plaintext leaves; without it there is no plaintext.

Reads that arrive while a transaction is under way share the next one: their events are one insert and one commit. What
is refused is an event as well, committed before it is told. Several values read in one call are all given or none, and
one event names them all.

A reason is kept with its event, which no value may be in. So the values are opened before it is, and given after
(docs/decisions/0061).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from paaskit.access import AppRef
from paaskit.audit import FAILED, OK, Actor, AuditEvent
from paaskit.batching import Batcher
from paaskit.clock import IdSource, random_id
from paaskit.errors import InvalidInput, PaasError, PermissionDenied
from paaskit.redact import Plaintext
from paaskit.variables import refuse, violations_of
from services.secrets.keys.keyring import Keyring
from services.secrets.rules.reason import refuse_telling, violations_of_reason
from services.secrets.rules.stored import Entry, refuse_unreadable, secret_not_set

_BATCH: Final = 64
# All values of an app have up to 512 KiB, so few of those share a transaction.
_BATCH_OF_SEVERAL: Final = 8
ACTION: Final = "secrets.get"


@dataclass(frozen=True)
class Found:
    """An app, and what is stored in it of the names asked for, by name."""

    app_id: str
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class Wish:
    """One call: by whom, and of what. The names are apart, and each could be one.

    `event_id` is what it is on record as if it is granted, with `reason`, which is empty where none was given.
    """

    actor: Actor
    app: AppRef
    names: Sequence[str]
    event_id: str
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a wish: the entries of its values, in its order, or why there are none.

    Without entries and refusal the app is not known here, and config has to say whether there is one.
    """

    app_id: str
    entries: Sequence[Entry] = ()
    refusal: PaasError | None = None

    @property
    def is_granted(self) -> bool:
        """Whether values are given."""
        return bool(self.entries)


@dataclass(frozen=True)
class Revealed:
    """Values, in the order in which they were asked for, and the event that has them on record."""

    values: Sequence[Plaintext]
    event_id: str


class RevealStore(Protocol):
    """What reading needs of the database."""

    async def read_audited(self, tenant: str, wanted: Sequence[Wish]) -> list[Verdict]:
        """Return what becomes of each wish, after committing what goes on record of all of them."""

    async def look(self, tenant: str, wish: Wish) -> Verdict:
        """Return what would become of a wish. Nothing goes on record."""

    async def record(self, wish: Wish, verdict: Verdict) -> None:
        """Commit what goes on record of a verdict."""


class Apps(Protocol):
    """What reading needs of config."""

    async def resolve(self, ref: AppRef) -> str:
        """Return an app's id. Raises NotFound, PermissionDenied or Unavailable."""


class Waiting(Protocol):
    """What reading needs to know of events that wait for audit."""

    def check(self) -> None:
        """Raise Unavailable where they are too many for more."""


class Given(Protocol):
    """What is told of values that are given out. See `services.secrets.upkeep.deliveries`."""

    def __call__(self, tenant: str, app_id: str, entries: Iterable[Entry]) -> None:
        """Say that values were given out."""


class Revealer:
    """Reads values, many at once."""

    def __init__(
        self,
        store: RevealStore,
        apps: Apps,
        keyring: Keyring,
        *,
        backlog: Waiting,
        given: Given,
        new_id: IdSource = random_id,
    ) -> None:
        self._backlog = backlog
        self._given = given
        self._apps = apps
        self._keyring = keyring
        self._new_id = new_id
        self._store = store
        self._single: Batcher[Wish, Verdict] = Batcher(store.read_audited, name="reveals", largest=_BATCH)
        self._several: Batcher[Wish, Verdict] = Batcher(
            store.read_audited, name="reveals_of_several", largest=_BATCH_OF_SEVERAL
        )

    async def reveal(
        self, actor: Actor, *, app: AppRef, names: Sequence[str], field: str, reason: str = ""
    ) -> Revealed:
        """Return the values of secrets, in the order of their names. `field` is what a request calls the names.

        Raises NotFound for an app that is not there, NotFound or Refused naming every name that is not there or is
        managed, InvalidInput for a reason that tells a value, and Unavailable.
        """
        refuse([*violations_of(names, field=field), *violations_of_reason(reason)])
        self._backlog.check()
        wish = Wish(actor, app, names, self._new_id(), reason)
        if reason:
            verdict, values = await self._with_reason(wish)
        else:
            reads = self._single if len(names) == 1 else self._several
            verdict = await reads.submit(actor.tenant, wish)
            await self._refuse_ungranted(wish, verdict)
            values = await self._open(wish, verdict)
        self._given(actor.tenant, verdict.app_id, verdict.entries)
        return Revealed(values, wish.event_id)

    async def _with_reason(self, wish: Wish) -> tuple[Verdict, Sequence[Plaintext]]:
        """Return a wish's verdict and values after its event is committed, with a reason that tells none of them.

        One that does is on record as a failed attempt, without it: else its refusal would be a way to try out values
        that nobody hears of.
        """
        verdict, values = await self._store.look(wish.actor.tenant, wish), list[Plaintext]()
        if verdict.is_granted:
            values = await self._open(wish, verdict)
            try:
                refuse_telling(wish.reason, values)
            except InvalidInput as refusal:
                verdict = Verdict(verdict.app_id, refusal=refusal)
        await self._store.record(wish, verdict)
        await self._refuse_ungranted(wish, verdict)
        return verdict, values

    async def _refuse_ungranted(self, wish: Wish, verdict: Verdict) -> None:
        if verdict.refusal is not None:
            raise verdict.refusal
        if not verdict.is_granted:
            await self._apps.resolve(wish.app)
            raise secret_not_set(wish.names)

    async def _open(self, wish: Wish, verdict: Verdict) -> list[Plaintext]:
        keys = await self._keyring.keys_for(wish.actor.tenant, {entry.sealed.generation for entry in verdict.entries})
        return [keys.unseal(verdict.app_id, entry.name, entry.version, entry.sealed) for entry in verdict.entries]


def judge(wish: Wish, found: Found | None) -> Verdict:
    """Return what becomes of a wish, given what was found."""
    if found is None:
        return Verdict(wish.app.bound_id or "")
    try:
        wish.app.accept(found.app_id)
        refuse_unreadable(found.entries, wish.names)
    except PaasError as refusal:
        return Verdict(found.app_id, refusal=refusal)
    return Verdict(found.app_id, entries=[found.entries[name] for name in wish.names])


def record_of(wish: Wish, verdict: Verdict) -> list[AuditEvent]:
    """Return what goes on record of a verdict. A denial is put on record where all denials are."""
    if isinstance(verdict.refusal, PermissionDenied):
        return []
    return _events(wish, app_id=verdict.app_id, is_granted=verdict.is_granted)


def record_if_granted(wish: Wish, app_id: str) -> list[AuditEvent]:
    """Return what would go on record of a wish if its app had this id and it were granted."""
    return _events(wish, app_id=app_id, is_granted=True)


def _events(wish: Wish, *, app_id: str, is_granted: bool) -> list[AuditEvent]:
    outcome = OK if is_granted else FAILED
    event = wish.actor.event(ACTION, app=wish.app.name, app_id=app_id, targets=wish.names, outcome=outcome)
    granted = replace(event, event_id=wish.event_id, reason=wish.reason)
    return list((granted if is_granted else event).parts())
