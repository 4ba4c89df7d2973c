"""Tokens in a list: how much of its life each has left, whose it is, and what ends with it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paas.tokens.v1.tokens_pb2 import Token

from dashboard.calls.apps import when
from dashboard.sessions.session import Person

SOON: Final = timedelta(days=14)
_WHOLE: Final = 100


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One token."""

    token: Token
    # Of a hundred: how much of its life is left.
    left: int
    # It ends within two weeks, or of a life that is shorter than four in its second half.
    ends_soon: bool
    # An earlier text of a token that was rotated; it works until it ends.
    is_former: bool
    # Whoever looks is signed in with it.
    is_own_sign_in: bool
    # What it may do and whoever looks may not: they can't end it, unless they made it.
    beyond: Sequence[str]


def entries(tokens: Sequence[Token], person: Person, now: datetime) -> list[Entry]:
    """The tokens, the newest first."""
    newest = {token.name: token.token_id for token in sorted(tokens, key=_made)}
    return [
        Entry(
            token=token,
            left=left(token, now),
            ends_soon=ends_soon(token, now),
            is_former=newest[token.name] != token.token_id,
            is_own_sign_in=person.subject == _as_subject(token),
            beyond=() if token.creator == person.subject else sorted(set(token.permissions) - person.permissions),
        )
        for token in sorted(tokens, key=_made, reverse=True)
    ]


def left(token: Token, now: datetime) -> int:
    """How much of its life a token has left, of a hundred: some as long as it lives."""
    life, rest = when(token.expires_at) - when(token.created_at), when(token.expires_at) - now
    if rest <= timedelta(0) or life <= timedelta(0):
        return 0
    return max(1, min(_WHOLE, round(_WHOLE * (rest / life))))


def ends_soon(token: Token, now: datetime) -> bool:
    """Whether it is time to think of the next one."""
    life = when(token.expires_at) - when(token.created_at)
    return when(token.expires_at) - now <= min(SOON, life / 2)


def ending(tokens: Sequence[Token], now: datetime) -> list[Token]:
    """Those that end soon and that nothing replaces, the next first: of a token that was rotated the newest counts."""
    newest = {token.name: token for token in sorted(tokens, key=_made)}
    return sorted((each for each in newest.values() if ends_soon(each, now)), key=lambda each: when(each.expires_at))


def ends_with(entry: Entry, tokens: Sequence[Token]) -> list[Token]:
    """The tokens that end where this one is revoked, as far as they are seen: those it was rotated from, where it is
    the newest of its name, and those made with it, and with these.

    A token says by the name of which other it was made. Where a name has several texts, it may be any of them.
    """
    token = entry.token
    others = [other for other in tokens if other.token_id != token.token_id]
    found = [] if entry.is_former else [other for other in others if other.name == token.name]
    seen, makers = {each.token_id for each in found}, {_as_subject(token)}
    while makers:
        made = [other for other in others if other.creator in makers and other.token_id not in seen]
        found += made
        seen |= {each.token_id for each in made}
        makers = {_as_subject(each) for each in made}
    return found


def revoked(name: str, *, rotated: int, descendants: int) -> str:
    """What was revoked, as a sentence. `rotated` are earlier texts of it, `descendants` what was made with any."""
    more = [f"{counted(rotated)} it was rotated from"] if rotated else []
    more += [f"{counted(descendants)} made with it"] if descendants else []
    return f"{name} is revoked{', and with it ' if more else ''}{' and '.join(more)}."


def counted(tokens: int) -> str:
    """`1 token`, `2 tokens`."""
    return f"{tokens} {'token' if tokens == 1 else 'tokens'}"


def _made(token: Token) -> datetime:
    return when(token.created_at)


def _as_subject(token: Token) -> str:
    """What events, and tokens that are made with it, call its holder."""
    return f"pat:{token.name}"
