"""Ending tokens whose texts somebody has who should not.

Whoever has the text of a token could use it, so whoever has it may end it, of whatever tenant. What is answered says
nothing of whether there is such a token. Must not keep, log or repeat a text.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from paaskit.audit import Actor
from paaskit.clock import Clock
from paaskit.write_path import Decision
from services.tokens import pat
from services.tokens.token import Token, TokenRows

Decide = Callable[[Sequence[Token]], Decision[TokenRows]]
Outlast = Callable[[], Awaitable[None]]

REPORTER: Final = "service:token-reports"
"""Who ends a token in the log of its tenant where the one who reports it is of another, which nobody may learn."""


class FindsTokens(Protocol):
    """The tokens there are of some texts."""

    async def find_by_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, Token]:
        """Return the tokens that there are of these digests, by digest, of whatever tenants."""


class EndsTokens(Protocol):
    """The store, as far as it is needed here."""

    async def leaked(self, tenant: str, token_id: str, *, now: datetime, decide: Decide) -> Sequence[Token]:
        """Change what `decide` says of a token and those made with it, of which the living are given; return these.

        The token itself may have ended long ago: what was made with it lives on.
        """


class Reports:
    """Ends what is reported."""

    def __init__(self, found: FindsTokens, store: EndsTokens, *, clock: Clock, outlast: Outlast) -> None:
        self._found = found
        self._store = store
        self._clock = clock
        self._outlast = outlast

    async def end(self, unverified_text: str, *, actor: Actor) -> None:
        """End the token of a text, if there is one, with all made with it.

        None of them is accepted any more when this returns, which takes as long whether there was one or not.
        """
        digest = pat.digest_of(unverified_text)
        if digest is not None:
            token = (await self._found.find_by_digests([digest])).get(digest)
            if token is not None:
                await self._end(token, reported_by(actor, tenant=token.tenant))
        await self._outlast()

    async def _end(self, token: Token, actor: Actor) -> None:
        now = self._clock()
        await self._store.leaked(
            token.tenant, token.token_id, now=now, decide=lambda family: decide_leak(family, actor=actor, now=now)
        )


def reported_by(actor: Actor, *, tenant: str) -> Actor:
    """Return who ends a token of `tenant`: the one who reports it, or where that one is of another tenant, nobody."""
    return actor if actor.tenant == tenant else Actor(tenant=tenant, name=REPORTER, credential=REPORTER)


def decide_leak(family: Sequence[Token], *, actor: Actor, now: datetime) -> Decision[TokenRows]:
    """Say what is written, given what lives of a token that got out and of those made with it: all of it ends."""
    if not family:
        return Decision(answer={})
    return Decision(
        answer={},
        rows=TokenRows(at=now, ended=[token.token_id for token in family]),
        events=[
            actor.event(
                "tokens.leaked",
                targets=[token.name for token in family],
                target_tokens=[token.target for token in family],
            )
        ],
    )
