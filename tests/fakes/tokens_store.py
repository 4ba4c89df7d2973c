"""Tokens in memory, with the same rules of sight and descent as the SQL."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from paaskit.audit import AuditEvent
from paaskit.errors import InvalidInput
from paaskit.requests import RequestKey
from services.tokens.domain import Circumstances, Kind, Token
from services.tokens.paging import Place


def _is_child(token: Token, parent: Token) -> bool:
    return (token.tenant, token.parent_id) == (parent.tenant, parent.token_id)


class FakeTokenStore:
    """Implements `TokenStore` and `Change`, and what the sign-in check and the notes of use need."""

    def __init__(self) -> None:
        self.tokens: dict[tuple[str, str], Token] = {}
        self.ids_by_digest: dict[bytes, tuple[str, str]] = {}
        self.events: list[AuditEvent] = []
        self.requests: dict[tuple[str, str, str], str] = {}
        self.lookups = 0
        self._tenant = ""

    async def find_by_digest(self, digest: bytes) -> Token | None:
        self.lookups += 1
        key = self.ids_by_digest.get(digest)
        return None if key is None else self.tokens[key]

    async def find(self, tenant: str, token_id: str) -> Token | None:
        return self.tokens.get((tenant, token_id))

    async def page(
        self, tenant: str, *, apps: frozenset[str] | None, after: Place | None, limit: int, now: datetime
    ) -> Sequence[Token]:
        found = [
            token
            for token in self._living(tenant, apps=apps, now=now)
            if token.kind is Kind.PAT
            and (after is None or (token.created_at, token.token_id) > (after.created_at, after.token_id))
        ]
        return sorted(found, key=lambda token: (token.created_at, token.token_id))[:limit]

    @asynccontextmanager
    async def change(self, tenant: str) -> AsyncIterator["FakeTokenStore"]:
        before = (dict(self.tokens), dict(self.ids_by_digest), list(self.events), dict(self.requests))
        self._tenant = tenant
        try:
            yield self
        except BaseException:
            self.tokens, self.ids_by_digest, self.events, self.requests = before
            raise

    async def circumstances(self, *, parent_id: str, name: str, key: RequestKey, now: datetime) -> Circumstances:
        known = self.requests.get((self._tenant, key.request_id, key.subject))
        if known is not None and known != key.fingerprint:
            raise InvalidInput("used", reason="REQUEST_ID_REUSED")
        namesakes = [each for each in self._living(self._tenant, apps=None, now=now) if each.name == name]
        return Circumstances(
            parent=self.tokens.get((self._tenant, parent_id)),
            namesake=next((each for each in namesakes if each.kind is Kind.PAT), None),
            made_before=known is not None,
        )

    async def add(self, token: Token, digest: bytes) -> None:
        self.tokens[token.tenant, token.token_id] = token
        self.ids_by_digest[digest] = (token.tenant, token.token_id)

    async def end_sign_ins(self, user: str, *, creator: str, now: datetime) -> None:
        for token in self._living(self._tenant, apps=None, now=now):
            if token.kind is Kind.USER and token.name == user and token.creator == creator:
                self._end(token, now)

    async def revoke(self, reference: str, *, apps: frozenset[str] | None, now: datetime) -> Sequence[Token]:
        chosen = [
            token
            for token in self._living(self._tenant, apps=apps, now=now)
            if token.token_id == reference or (token.name == reference and token.kind is Kind.PAT)
        ]
        family = list(chosen)
        for token in family:
            family += [each for each in self.tokens.values() if _is_child(each, token)]
        return [self._end(token, now) for token in family if token.is_living(now)]

    async def record(self, event: AuditEvent) -> None:
        self.events.append(event)

    async def remember(self, key: RequestKey, token: Token) -> None:
        self.requests[token.tenant, key.request_id, key.subject] = key.fingerprint

    async def note_uses(self, tenant: str, uses: Mapping[str, datetime]) -> None:
        for token_id, at in uses.items():
            self.tokens[tenant, token_id] = replace(self.tokens[tenant, token_id], last_used_at=at)

    def _living(self, tenant: str, *, apps: frozenset[str] | None, now: datetime) -> list[Token]:
        return [
            token
            for (owner, _), token in self.tokens.items()
            if owner == tenant
            and token.is_living(now)
            and (apps is None or (token.apps is not None and token.apps <= apps))
        ]

    def _end(self, token: Token, now: datetime) -> Token:
        ended = replace(token, revoked_at=now)
        self.tokens[token.tenant, token.token_id] = ended
        return ended
