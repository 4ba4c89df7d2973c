"""Ending tokens whose texts somebody has who should not.

Whoever has the text of a token could use it, so whoever has it may end it, of whatever tenant. What a user is answered
says nothing of whether there is such a token. Must not keep, log or repeat a text.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Protocol, TypeVar

from paaskit.audit import Actor
from paaskit.clock import Clock
from paaskit.write_path import Decision
from services.tokens import pat
from services.tokens.token import Kind, Token, TokenRows

Decide = Callable[[Sequence[Token]], Decision[TokenRows]]
Outlast = Callable[[], Awaitable[None]]
_Item = TypeVar("_Item")

REPORTER: Final = "service:token-reports"
"""Who ends a token in the log of its tenant where the one who reports it is of another, which nobody may learn."""
_LOOKED_UP_AT_ONCE: Final = 200
_ENDED_AT_ONCE: Final = 200
# Each takes a connection, of which others need some as well.
_TENANTS_AT_ONCE: Final = 4


class FindsTokens(Protocol):
    """The tokens there are of some texts."""

    async def find_by_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, Token]:
        """Return the tokens that there are of these digests, by digest, of whatever tenants."""


class EndsTokens(Protocol):
    """The store, as far as it is needed here."""

    async def leaked(self, tenant: str, token_ids: Sequence[str], *, now: datetime, decide: Decide) -> Sequence[Token]:
        """Change what `decide` says of some tokens and those made with them, of which the living are given; return
        these.

        The tokens themselves may have ended long ago: what was made with them lives on.
        """


class EndsTrusts(Protocol):
    """Trusts, as far as they are needed here."""

    async def end_made_with(self, tenant: str, parents: Sequence[str], *, actor: Actor) -> None:
        """End the trusts that were made with sign-ins, by the ids of these, and the tokens they gave."""


class Reports:
    """Ends what is reported."""

    def __init__(
        self, found: FindsTokens, store: EndsTokens, *, trusts: EndsTrusts, clock: Clock, outlast: Outlast
    ) -> None:
        self._found = found
        self._store = store
        self._trusts = trusts
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
                await self._end([token], reported_by(actor, tenant=token.tenant))
        await self._outlast()

    async def end_all(self, unverified_texts: Collection[str], *, reporter: str) -> frozenset[str]:
        """End the tokens of some texts, with all made with them; return which texts are of tokens that there are or
        were. None of them is accepted any more when this returns.

        Each tenant has a transaction of its own, and what fails for one of them does not keep the others' tokens from
        ending. Raises Unavailable where some may go on; the same may be reported again.
        """
        texts = {digest: text for text in unverified_texts if (digest := pat.digest_of(text)) is not None}
        found: dict[bytes, Token] = {}
        for some in _parts(texts, _LOOKED_UP_AT_ONCE):
            found |= await self._found.find_by_digests(some)
        if not found:
            return frozenset()
        of_tenant: dict[str, list[Token]] = {}
        for token in found.values():
            of_tenant.setdefault(token.tenant, []).append(token)
        turns = asyncio.Semaphore(_TENANTS_AT_ONCE)

        async def end(tenant: str, tokens: Sequence[Token]) -> None:
            async with turns:
                for some in _parts(tokens, _ENDED_AT_ONCE):
                    await self._end(some, Actor(tenant=tenant, name=reporter, credential=reporter))

        ended = await asyncio.gather(*(end(*each) for each in of_tenant.items()), return_exceptions=True)
        await self._outlast()
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return frozenset(texts[digest] for digest in found)

    async def _end(self, tokens: Sequence[Token], actor: Actor) -> None:
        """End tokens of one tenant with all made with them."""
        # No other makes trusts than a sign-in; the thief's would go on giving tokens.
        if sign_ins := [token.token_id for token in tokens if token.kind is Kind.USER]:
            await self._trusts.end_made_with(actor.tenant, sign_ins, actor=actor)
        now = self._clock()
        await self._store.leaked(
            actor.tenant,
            [token.token_id for token in tokens],
            now=now,
            decide=lambda family: decide_leak(family, actor=actor, now=now),
        )


def _parts(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def reported_by(actor: Actor, *, tenant: str) -> Actor:
    """Return who ends a token of `tenant`: the one who reports it, or where that one is of another tenant, nobody."""
    return actor if actor.tenant == tenant else Actor(tenant=tenant, name=REPORTER, credential=REPORTER)


def decide_leak(family: Sequence[Token], *, actor: Actor, now: datetime) -> Decision[TokenRows]:
    """Say what is written, given what lives of tokens that got out and of those made with them: all of it ends."""
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
