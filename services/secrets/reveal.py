"""Reading one value. The audit event is committed before the plaintext leaves; without it there is no plaintext.

Reads that arrive while a transaction is under way share the next one: their events are one insert and one commit. What
is refused is an event as well, committed before it is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from paaskit.access import AppRef
from paaskit.audit import FAILED, OK, Actor, AuditEvent
from paaskit.batching import Batcher
from paaskit.errors import PaasError, PermissionDenied
from paaskit.redact import Plaintext
from paaskit.variables import refuse, violations_of
from services.secrets.keys.keyring import Keyring
from services.secrets.rules.stored import Entry, refuse_managed, secret_not_set

_BATCH: Final = 64
ACTION: Final = "secrets.get"


@dataclass(frozen=True)
class Found:
    """An app, and what is stored in it under the name asked for."""

    app_id: str
    entry: Entry | None


@dataclass(frozen=True)
class Wish:
    """One read: by whom, and of what."""

    actor: Actor
    app: AppRef
    name: str


@dataclass(frozen=True)
class Verdict:
    """What becomes of a wish: the event to commit, and the value's entry or why there is none.

    Without an entry or a refusal the app is not known here, and config has to say whether there is one.
    """

    event: AuditEvent | None
    app_id: str = ""
    entry: Entry | None = None
    refusal: PaasError | None = None


class RevealStore(Protocol):
    """What reading needs of the database."""

    async def read_audited(self, tenant: str, wanted: Sequence[Wish]) -> list[Verdict]:
        """Return what becomes of each wish, after committing the events of all."""


class Apps(Protocol):
    """What reading needs of config."""

    async def resolve(self, ref: AppRef) -> str:
        """Return an app's id. Raises NotFound, PermissionDenied or Unavailable."""


class Revealer:
    """Reads values, many at once."""

    def __init__(self, store: RevealStore, apps: Apps, keyring: Keyring) -> None:
        self._apps = apps
        self._keyring = keyring
        self._reads: Batcher[Wish, Verdict] = Batcher(store.read_audited, largest=_BATCH)

    async def reveal(self, actor: Actor, *, app: AppRef, name: str) -> Plaintext:
        """Return a secret's value. Raises NotFound for an app or name that is not there, Refused for a managed one."""
        refuse(violations_of([name], field="name"))
        verdict = await self._reads.submit(actor.tenant, Wish(actor, app, name))
        if verdict.refusal is not None:
            raise verdict.refusal
        if verdict.entry is None:
            await self._apps.resolve(app)
            raise secret_not_set([name])
        entry = verdict.entry
        keys = await self._keyring.keys_for(actor.tenant, [entry.sealed.generation])
        return keys.unseal(verdict.app_id, entry.name, entry.version, entry.sealed)


def judge(wish: Wish, found: Found | None) -> Verdict:
    """Return what becomes of a wish, given what was found. A denial is put on record where all denials are."""
    if found is None:
        return Verdict(_event(wish, app_id=wish.app.bound_id or "", failed=True))
    try:
        wish.app.accept(found.app_id)
        entry = found.entry
        if entry is None:
            raise secret_not_set([wish.name])
        refuse_managed({entry.name: entry}, [entry.name])
    except PermissionDenied as denied:
        return Verdict(None, refusal=denied)
    except PaasError as refusal:
        return Verdict(_event(wish, app_id=found.app_id, failed=True), refusal=refusal)
    return Verdict(_event(wish, app_id=found.app_id, failed=False), app_id=found.app_id, entry=entry)


def _event(wish: Wish, *, app_id: str, failed: bool) -> AuditEvent:
    outcome = FAILED if failed else OK
    return wish.actor.event(ACTION, app=wish.app.name, app_id=app_id, targets=[wish.name], outcome=outcome)
