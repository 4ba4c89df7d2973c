"""A token never grants more than its maker has now: people who lost a role, or were disabled, take it along.

Every minute the identity provider is asked about everybody who made tokens that are living, or trusts that give some.
While it can't be reached nothing changes: nobody can be disabled there either, and its outage must not be that of every
machine with a token.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from paaskit import metrics
from paaskit.audit import Actor
from paaskit.clock import Clock
from paaskit.errors import Unavailable
from paaskit.logs import describe_exception
from paaskit.write_path import Decision, NoEvent
from services.tokens.domain import Decide, Found
from services.tokens.token import KnownMaker, MakerLimit, TokenRows

EVERY_SECONDS: Final = 60.0
_AT_ONCE: Final = 8
_ACTOR: Final = "service:tokens"

log = structlog.get_logger()


class MakerStore(Protocol):
    """The store, as far as it is needed here."""

    def makers(self) -> AsyncIterator[Sequence[KnownMaker]]:
        """Give who made tokens that are living, some at a time."""

    async def limit(self, tenant: str, maker_id: str, *, now: datetime, decide: Decide) -> Found:
        """Change what `decide` says of the living tokens of somebody; return these."""


class AsksAboutPeople(Protocol):
    """The identity provider, as far as it is needed here."""

    async def permissions(self, person_id: str, *, tenant: str) -> frozenset[str]:
        """Return what a person may do in a tenant now. Raises Unavailable."""


class Makers:
    """Limits tokens to what their makers may do."""

    def __init__(
        self,
        store: MakerStore,
        directory: AsksAboutPeople,
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Look at everybody, for ever."""
        while True:
            await self.look()
            await self._sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """Look at everybody once. What can't be told now is told the next time, and counted."""
        try:
            await self._look_at_all()
        except Unavailable as error:
            metrics.MAKERS_NOT_LOOKED_AT.inc()
            log.warning("makers_not_looked_at", **describe_exception(error))

    async def _look_at_all(self) -> None:
        """Look at everybody. Raises Unavailable where nothing was told of somebody, at once where it was of nobody."""
        missed: Unavailable | None = None
        async for some in self._store.makers():
            gate = asyncio.Semaphore(_AT_ONCE)
            looked = await asyncio.gather(*(self._look_at(maker, gate) for maker in some), return_exceptions=True)
            failures = [each for each in looked if each is not None]
            for each in failures:
                if not isinstance(each, Unavailable) or len(failures) == len(some):
                    raise each
                missed = each  # about one person, who must not keep those after them from being looked at
        if missed is not None:
            raise missed

    async def _look_at(self, maker: KnownMaker, gate: asyncio.Semaphore) -> None:
        async with gate:
            permissions = await self._directory.permissions(maker.maker_id, tenant=maker.tenant)
            if maker.may_just(permissions):
                return
            limit = MakerLimit(maker="", maker_id=maker.maker_id, permissions=permissions)
            now = self._clock()
            await self._store.limit(
                maker.tenant,
                maker.maker_id,
                now=now,
                decide=lambda found: decide_limit(found, limit, tenant=maker.tenant, now=now),
            )


def decide_limit(found: Found, limit: MakerLimit, *, tenant: str, now: datetime) -> Decision[TokenRows]:
    """Say what is written where somebody may do just this now, given their living tokens.

    Those that may do other things by that than before are named in an event. A trust gives nothing by itself: what it
    gives is told when it does.
    """
    changed = [token for token in found if token.granted & limit.permissions != token.permissions]
    event = Actor(tenant=tenant, name=_ACTOR).event(
        "tokens.limit",
        targets=[token.name for token in changed],
        target_tokens=[token.target for token in changed],
    )
    rows = TokenRows(at=now, limits=[limit])
    if not changed:
        return Decision(answer={}, rows=rows, no_event=NoEvent.ALREADY_SO)
    return Decision(answer={}, rows=rows, events=[event])
