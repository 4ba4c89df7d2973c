"""Reading one value. The audit event is committed before the plaintext leaves; without it there is no plaintext.

Reads that arrive while a transaction is under way share the next one: their events are one insert and one commit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.errors import PaasError, Unavailable
from paaskit.redact import Plaintext
from services.secrets.plan import Entry, Kind, refuse_managed, secret_not_set
from services.secrets.sealing import Sealer

_BATCH: Final = 64


@dataclass(frozen=True)
class Found:
    """A secret as it is stored, with the id of its app."""

    app_id: str
    entry: Entry


class RevealStore(Protocol):
    """What reading needs of the database."""

    async def read_audited(self, tenant: str, wanted: Sequence[tuple[str, str, AuditEvent]]) -> list[Found | None]:
        """Return what is stored under each app's and secret's name, after committing the events of those found."""


class Apps(Protocol):
    """What reading needs of config."""

    async def resolve(self, tenant: str, app: str) -> str:
        """Return an app's id. Raises NotFound."""


@dataclass
class _Wish:
    app: str
    name: str
    event: AuditEvent
    answer: "asyncio.Future[Found | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Revealer:
    """Reads values, many at once."""

    def __init__(self, store: RevealStore, apps: Apps, sealer: Sealer) -> None:
        self._store = store
        self._apps = apps
        self._sealer = sealer
        self._waiting: dict[str, list[_Wish]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def reveal(self, actor: Actor, *, app: str, name: str) -> Plaintext:
        """Return a secret's value. Raises NotFound for an app or name that is not there, Refused for a managed one."""
        event = actor.event("secrets.get", app=app, targets=[name])
        found = await self._read(actor.tenant, _Wish(app, name, event))
        if found is None:
            await self._apps.resolve(actor.tenant, app)
            raise secret_not_set([name])
        return await self._sealer.unseal(actor.tenant, found.app_id, found.entry)

    async def _read(self, tenant: str, wish: _Wish) -> Found | None:
        self._waiting.setdefault(tenant, []).append(wish)
        if tenant not in self._running:
            self._running[tenant] = asyncio.create_task(self._read_waiting(tenant))
        found = await wish.answer
        if found is not None and found.entry.kind is Kind.MANAGED:
            refuse_managed({wish.name: found.entry}, [wish.name])
        return found

    async def _read_waiting(self, tenant: str) -> None:
        try:
            while waiting := self._waiting.pop(tenant, None):
                batch, rest = waiting[:_BATCH], waiting[_BATCH:]
                if rest:
                    self._waiting[tenant] = rest
                await self._read_batch(tenant, batch)
        finally:
            del self._running[tenant]

    async def _read_batch(self, tenant: str, batch: Sequence[_Wish]) -> None:
        try:
            found = await self._store.read_audited(tenant, [(each.app, each.name, each.event) for each in batch])
        except PaasError as error:
            _fail(batch, error)
        except Exception:
            _fail(batch, Unavailable("The secret could not be read now. Try again.", metadata={"service": "secrets"}))
            raise
        else:
            for wish, answer in zip(batch, found, strict=True):
                if not wish.answer.done():
                    wish.answer.set_result(answer)


def _fail(batch: Sequence[_Wish], error: PaasError) -> None:
    for wish in batch:
        if not wish.answer.done():
            wish.answer.set_exception(error)
