"""An identity provider as sessions see it: it gives the next token for a refresh token, once each."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from google.rpc import code_pb2

from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import Grant, Person, SignedOut
from paaskit.clock import Clock

LIFETIME = timedelta(minutes=5)


@dataclass
class FakeRenewal:
    """One that knows one person. A refresh token that comes again ends everything, as at Keycloak."""

    clock: Clock
    person_now: Person
    asked: int = 0
    used: list[str] = field(default_factory=list)
    ended: bool = False
    away: bool = False
    gateway_away: bool = False
    # Where a test sets it: renewals wait until it is set.
    gate: asyncio.Event | None = None
    # The same for the first who asks whose it is; `is_asked_whose` says that somebody does.
    person_gate: asyncio.Event | None = None
    is_asked_whose: bool = False

    def first(self) -> Grant:
        """What somebody has who has just signed in."""
        return self._grant(0)

    async def renew(self, grant: Grant) -> Grant:
        """As `Renewal` says."""
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise Refusal(code=code_pb2.UNAVAILABLE, sentence="It is away.")
        self.ended = self.ended or grant.refresh_token in self.used
        if self.ended:
            raise SignedOut
        self.used.append(grant.refresh_token)
        return self._grant(len(self.used))

    async def person(self, grant: Grant) -> Person:
        """As `Renewal` says."""
        gate, self.person_gate = self.person_gate, None
        if gate is not None:
            self.is_asked_whose = True
            await gate.wait()
        if self.gateway_away:
            raise Refusal(code=code_pb2.UNAVAILABLE, sentence="It is away.")
        return self.person_now

    def _grant(self, number: int) -> Grant:
        ends_at: datetime = self.clock() + LIFETIME
        return Grant(bearer=f"access-{number}", bearer_ends_at=ends_at, refresh_token=f"refresh-{number}")
