"""Keeping when tokens are used, and that ended ones were, without the request waiting for it.

Must not decide anything: what is lost here when the process is killed is a minute's note, never a right.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

from paaskit.audit import DENIED, AuditEvent
from services.tokens.token import Token

_EVERY_SECONDS: Final = 5.0
_ONE_DENIAL_IN: Final = timedelta(minutes=1)
_MOST_WAITING: Final = 1000

Record = Callable[[AuditEvent], Awaitable[None]]


class NotesUses(Protocol):
    """The store, as far as it is needed here."""

    async def note_uses(self, tenant: str, uses: Mapping[str, datetime]) -> None:
        """Keep when tokens of a tenant, by id, were last used."""


class Usage:
    """Gathers uses and writes them in batches, each token at most once a minute."""

    def __init__(self, store: NotesUses, *, record: Record) -> None:
        self._store = store
        self._record = record
        self._uses: dict[str, dict[str, datetime]] = defaultdict(dict)
        self._denied_at: dict[str, datetime] = {}
        self._denials: list[AuditEvent] = []

    def used(self, token: Token, *, now: datetime) -> None:
        """A living token was presented."""
        minute = now.replace(second=0, microsecond=0)
        if token.last_used_at is None or token.last_used_at < minute:
            self._uses[token.tenant][token.token_id] = minute

    def refused(self, token: Token, *, now: datetime, client_address: str) -> None:
        """A token that ended was presented. Becomes an audit event at most once a minute for each."""
        last = self._denied_at.get(token.token_id)
        if (last is not None and now - last < _ONE_DENIAL_IN) or len(self._denials) >= _MOST_WAITING:
            return
        if len(self._denied_at) >= _MOST_WAITING:
            self._denied_at = {key: at for key, at in self._denied_at.items() if now - at < _ONE_DENIAL_IN}
        self._denied_at[token.token_id] = now
        self._denials.append(
            AuditEvent(
                tenant=token.tenant,
                action="tokens.use",
                actor=token.subject,
                targets=[token.name],
                target_tokens=[token.target],
                token_id=token.token_id,
                maker=token.maker,
                outcome=DENIED,
                client_address=client_address,
                occurred_at=now,
            )
        )

    async def run(self) -> None:
        """Write for ever. What fails is kept for the next time."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Write what has gathered. Raises Unavailable where the database is away; nothing is lost by that."""
        while self._uses:
            tenant = next(iter(self._uses))
            written = dict(self._uses[tenant])
            await self._store.note_uses(tenant, written)
            later = {token_id: at for token_id, at in self._uses.pop(tenant).items() if written.get(token_id) != at}
            if later:
                self._uses[tenant] = later
        while self._denials:
            await self._record(self._denials[0])
            self._denials.pop(0)
