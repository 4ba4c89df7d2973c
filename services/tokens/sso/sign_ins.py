"""Sign-ins at the identity provider become audit events: one for each session, however many processes meet it.

The event's id is made from the session's, and audit keeps an event once. Must not decide anything.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

from paaskit.audit import AuditEvent, TargetToken
from paaskit.identity import ProviderSession
from services.tokens.sso.claims import Person
from services.tokens.token import Kind

_EVERY_SECONDS: Final = 1.0
_KNOWN: Final = 10_000
_MOST_WAITING: Final = 1000

Record = Callable[[AuditEvent], Awaitable[None]]


class SignIns:
    """Notes who came with a session that was not met before."""

    def __init__(self, *, record: Record) -> None:
        self._record = record
        self._known: set[tuple[str, str]] = set()
        self._events: list[AuditEvent] = []

    def seen(self, person: Person, *, client_address: str) -> None:
        """Somebody came with an access token that is good."""
        session = (person.tenant, person.session_id)
        if session in self._known or len(self._events) >= _MOST_WAITING:
            return
        if len(self._known) >= _KNOWN:
            self._known.clear()  # those that come again are told again, and audit has them
        self._known.add(session)
        self._events.append(_event(person, client_address))

    async def run(self) -> None:
        """Record for ever. What fails is kept for the next time."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Record what has gathered. Raises Unavailable where the database is away; nothing is lost by that."""
        while self._events:
            await self._record(self._events[0])
            self._events.pop(0)


def _event(person: Person, client_address: str) -> AuditEvent:
    session = ProviderSession(session_id=person.session_id, person_id=person.person_id)
    told = f"sign-in\0{person.tenant}\0{person.session_id}"
    return AuditEvent(
        tenant=person.tenant,
        action="tokens.sign_in",
        actor=f"{Kind.USER}:{person.user}",
        targets=[person.user],
        target_tokens=[TargetToken(session.credential, "")],
        token_id=session.credential,
        client_address=client_address,
        event_id=hashlib.sha256(told.encode()).hexdigest()[:32],
    )
