"""Which tokens are meant by `--token` or `--user`: tokens tells, and where that may not be asked, the log alone."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from paas_cli.errors import Failure
from paas_cli.incident.facts import Moment, Token
from paas_cli.incident.source import Source
from paas_cli.terminal import times
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp
    from paas.tokens.v1 import tokens_pb2

_TOKENS = "/paas.tokens.v1.TokensService/"
_LIST_EVENTS = "/paas.audit.v1.AuditService/ListEvents"
_MADE = ("tokens.create", "tokens.rotate", "tokens.exchange")
_AT_ONCE = 100
_LOOKED_AT = 500
# Whose name is said to be unknown is told of these many tokens or people that are called nearly so.
_NEAR = 3


def by_reference(source: Source, reference: str, *, may_ask_tokens: bool, now: Moment) -> Token:
    """The token of a name or id. Raises Failure where there is none, or where several had the name."""
    found = find(source, [reference], now=now) if may_ask_tokens else []
    if not found:
        found = _in_the_log(source, reference)
    if len(found) > 1:
        raise Failure(_several(reference, found))
    if found:
        return found[0]
    if _did_something(source, reference):
        return Token(token_id=reference, name=reference, is_known=False)
    near = _near(reference, (token.name for token in living(source, now=now)) if may_ask_tokens else ())
    raise Failure(f"There is no token {visible(reference)} that you can see, and none in the log{near}")


def find(source: Source, references: Iterable[str], *, now: Moment) -> list[Token]:
    """Tokens by their names or ids, ended ones as well. Raises Failure."""
    from paas.tokens.v1 import tokens_pb2

    wanted, found = iter(references), list[Token]()
    while some := list(islice(wanted, _AT_ONCE)):
        request = tokens_pb2.FindTokensRequest(tokens=some)
        answer = source.read(f"{_TOKENS}FindTokens", request, tokens_pb2.FindTokensResponse)
        found += [_token(each, now=now) for each in answer.tokens]
    return found


def living(source: Source, *, now: Moment) -> list[Token]:
    """All living tokens in sight. Raises Failure."""
    from paas.tokens.v1 import tokens_pb2

    request, found = tokens_pb2.ListTokensRequest(), list[Token]()
    while True:
        answer = source.read(f"{_TOKENS}ListTokens", request, tokens_pb2.ListTokensResponse)
        found += [_token(each, now=now) for each in answer.tokens]
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def check_person(source: Source, person: str, tokens: Sequence[Token], *, now: Moment, may_ask_tokens: bool) -> None:
    """Raise Failure for somebody of whom neither the log nor a token tells."""
    from paas.audit.v1 import audit_pb2

    if tokens:
        return
    request = audit_pb2.ListEventsRequest(actor=person, page_size=1)
    while True:
        answer = source.read(_LIST_EVENTS, request, audit_pb2.ListEventsResponse)
        if answer.events:
            return
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    latest = source.read(
        _LIST_EVENTS, audit_pb2.ListEventsRequest(people_only=True, page_size=_LOOKED_AT), audit_pb2.ListEventsResponse
    )
    people = {who for event in latest.events for who in (event.actor, event.on_behalf_of, event.maker)}
    if may_ask_tokens:
        people |= {token.maker for token in living(source, now=now)}
    near = _near(person, people)
    raise Failure(f"The log has nothing by {visible(person.removeprefix('user:'))} that you can see{near}")


def _token(token: "tokens_pb2.Token", *, now: Moment) -> Token:
    ends = [
        moment
        for moment in (_moment(token.revoked_at) if token.HasField("revoked_at") else None, _moment(token.expires_at))
        if moment is not None and moment <= now
    ]
    return Token(
        token_id=token.token_id,
        name=token.name,
        kind=token.kind,
        maker=token.maker,
        granted=tuple(token.granted or token.permissions),
        apps=tuple(token.apps),
        created_at=_moment(token.created_at),
        expires_at=_moment(token.expires_at),
        ended_at=min(ends, default=None),
    )


def _moment(timestamp: "Timestamp") -> Moment:
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1000


def _in_the_log(source: Source, reference: str) -> list[Token]:
    """Tokens that were made under a name, as the log tells of it."""
    from paas.audit.v1 import audit_pb2

    found: dict[str, Token] = {}
    for action in _MADE:
        request = audit_pb2.ListEventsRequest(name=reference, action=action, page_size=_AT_ONCE)
        answer = source.read(_LIST_EVENTS, request, audit_pb2.ListEventsResponse)
        for event in answer.events:
            for name, target in zip(event.targets, event.target_tokens, strict=False):
                if reference in (name, target.token_id):
                    found[target.token_id] = Token(
                        token_id=target.token_id, name=name, maker=target.maker, is_known=False
                    )
    return list(found.values())


def _did_something(source: Source, token_id: str) -> bool:
    from paas.audit.v1 import audit_pb2

    from paas_cli.commands.audit.document import actions

    known = actions()
    for start in range(0, len(known), 40):
        request = audit_pb2.SummarizeEventsRequest(actions=known[start : start + 40], token_id=token_id)
        while True:
            answer = source.read(
                "/paas.audit.v1.AuditService/SummarizeEvents", request, audit_pb2.SummarizeEventsResponse
            )
            if answer.sums:
                return True
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
    return False


def _several(reference: str, found: Sequence[Token]) -> str:
    lines = "".join(
        f"\n  {token.token_id}  {_state(token)}" for token in sorted(found, key=lambda each: -(each.created_at or 0))
    )
    return f"{len(found)} tokens have had the name {visible(reference)}; name the one that is meant by its id:{lines}"


def _state(token: Token) -> str:
    if not token.is_known:
        return f"made by {visible(token.maker.removeprefix('user:'))}" if token.maker else ""
    made = times.of_seconds((token.created_at or 0) // 1_000_000)
    ended = "lives" if token.ended_at is None else f"ended {times.of_seconds(token.ended_at // 1_000_000)}"
    return f"made {made}, {ended}"


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, sorted({each for each in known if each}), n=_NEAR, cutoff=0.6)
    return f"; did you mean {' or '.join(visible(each.removeprefix('user:')) for each in near)}?" if near else "."
