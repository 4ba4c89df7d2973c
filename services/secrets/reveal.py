"""Reading one value. The audit event is committed before the plaintext leaves; without it there is no plaintext.

Reads that arrive while a transaction is under way share the next one: their events are one insert and one commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from paaskit.audit import Actor, AuditEvent
from paaskit.batching import Batcher
from paaskit.redact import Plaintext
from paaskit.variables import refuse, violations_of
from services.secrets.plan import Entry, refuse_managed, secret_not_set
from services.secrets.sealing import Sealer

_BATCH: Final = 64


@dataclass(frozen=True)
class Found:
    """A secret as it is stored, with the id of its app."""

    app_id: str
    entry: Entry


class RevealStore(Protocol):
    """What reading needs of the database."""

    async def read_audited(self, tenant: str, wanted: Sequence["Wish"]) -> list[Found | None]:
        """Return what is stored under each app's and secret's name, after committing the events of those found."""


class Apps(Protocol):
    """What reading needs of config."""

    async def resolve(self, tenant: str, app: str) -> str:
        """Return an app's id. Raises NotFound."""


@dataclass(frozen=True)
class Wish:
    """One read, with the event to commit where there is something to read."""

    app: str
    name: str
    event: AuditEvent


class Revealer:
    """Reads values, many at once."""

    def __init__(self, store: RevealStore, apps: Apps, sealer: Sealer) -> None:
        self._apps = apps
        self._sealer = sealer
        self._reads: Batcher[Wish, Found | None] = Batcher(store.read_audited, largest=_BATCH)

    async def reveal(self, actor: Actor, *, app: str, name: str) -> Plaintext:
        """Return a secret's value. Raises NotFound for an app or name that is not there, Refused for a managed one."""
        refuse(violations_of([name], field="name"))
        wish = Wish(app, name, actor.event("secrets.get", app=app, targets=[name]))
        found = await self._reads.submit(actor.tenant, wish)
        if found is None:
            await self._apps.resolve(actor.tenant, app)
            raise secret_not_set([name])
        refuse_managed({name: found.entry}, [name])
        return await self._sealer.unseal(actor.tenant, found.app_id, found.entry)
