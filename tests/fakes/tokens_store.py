"""Tokens in memory, with the same rules of sight and descent as the SQL."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from paaskit.audit import AuditEvent
from paaskit.clock import Clock, utc_now
from paaskit.requests import Answer, RequestKey, request_id_reused
from paaskit.write_path import Decision
from services.tokens.domain import Decide, DecideRotation, Found, Place
from services.tokens.rules.sight import Sight
from services.tokens.token import Kind, KnownMaker, Token, TokenRows


def _is_child(token: Token, parent: Token) -> bool:
    return (token.tenant, token.parent_id) == (parent.tenant, parent.token_id)


def _is_seen(token: Token, sight: Sight) -> bool:
    if sight.maker is None:
        return True
    if token.maker_id is not None:
        return token.maker_id == sight.maker_id
    return sight.maker == (token.person or token.creator)


def _reaches_no_more(token: Token, sight: Sight) -> bool:
    return sight.app_ids is None or (token.apps is not None and {app_id for _, app_id in token.apps} <= sight.app_ids)


class FakeTokenStore:
    """Implements `TokenStore`, and what the sign-in check and the notes of use need."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self.clock = clock
        self.tokens: dict[tuple[str, str], Token] = {}
        self.ids_by_digest: dict[bytes, tuple[str, str]] = {}
        self.events: list[AuditEvent] = []
        self.requests: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.lookups = 0

    async def find_by_digest(self, digest: bytes) -> Token | None:
        self.lookups += 1
        key = self.ids_by_digest.get(digest)
        return None if key is None else self.tokens[key]

    async def find_by_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, Token]:
        found = {digest: await self.find_by_digest(digest) for digest in digests}
        return {digest: token for digest, token in found.items() if token is not None}

    async def living(self, tenant: str, token_ids: Sequence[str], *, now: datetime) -> frozenset[str]:
        return frozenset(token.token_id for token in self._living(tenant, now=now) if token.token_id in token_ids)

    async def page(self, tenant: str, *, sight: Sight, after: Place | None, limit: int, now: datetime) -> Found:
        found = [
            token
            for token in self._living(tenant, now=now, sight=sight)
            if token.kind is Kind.PAT
            and (after is None or (token.created_at, token.token_id) > (after.created_at, after.token_id))
        ]
        return sorted(found, key=lambda token: (token.created_at, token.token_id))[:limit]

    async def find(self, tenant: str, references: Sequence[str], *, sight: Sight, limit: int) -> Found:
        found = [
            token
            for token in self.tokens.values()
            if token.tenant == tenant
            and (token.token_id in references or (token.kind is Kind.PAT and token.name in references))
            and _is_seen(token, sight)
            and _reaches_no_more(token, sight)
        ]
        return sorted(found, key=lambda token: token.created_at, reverse=True)[:limit]

    async def create(
        self, tenant: str, *, parent_id: str, name: str, now: datetime, request: RequestKey, decide: Decide
    ) -> tuple[Found, Answer]:
        parents = [token for token in self.tokens.values() if (token.tenant, token.token_id) == (tenant, parent_id)]
        namesakes = [each for each in self._living(tenant, now=now) if each.name == name and each.kind is Kind.PAT]
        found = [*parents, *(each for each in namesakes if each not in parents)]
        return found, self._answer(tenant, request, lambda: decide(found))

    async def rotate(
        self,
        tenant: str,
        reference: str,
        *,
        parent_id: str,
        sight: Sight,
        now: datetime,
        request: RequestKey,
        decide: DecideRotation,
    ) -> tuple[Found, Found, Answer]:
        own = [token for token in self.tokens.values() if (token.tenant, token.token_id) == (tenant, parent_id)]
        family = self._family(tenant, reference, sight=sight, now=now)
        return own, family, self._answer(tenant, request, lambda: decide(own, family))

    def _answer(self, tenant: str, request: RequestKey, decide: Callable[[], Decision[TokenRows]]) -> Answer:
        """What an equal request was answered, or what the change that is written now answers."""
        same, asked = (tenant, request.request_id, request.subject), f"{request.method} {request.fingerprint}"
        if same in self.requests:
            known, answer = self.requests[same]
            if known != asked:
                raise request_id_reused()
            earlier: Answer = json.loads(answer)
            return earlier
        decision = decide()
        self._write(tenant, decision)
        self.requests[same] = (asked, json.dumps(decision.answer))
        return decision.answer

    async def revoke(self, tenant: str, reference: str, *, sight: Sight, now: datetime, decide: Decide) -> Found:
        found = self._family(tenant, reference, sight=sight, now=now)
        self._write(tenant, decide(found))
        return found

    def _family(self, tenant: str, reference: str, *, sight: Sight, now: datetime) -> Found:
        family = [
            token
            for token in self._living(tenant, now=now, sight=sight)
            if token.token_id == reference or (token.name == reference and token.kind is Kind.PAT)
        ]
        family.sort(key=lambda token: (token.created_at, token.token_id), reverse=True)
        chosen = list(family)
        for token in family:
            family += [each for each in self.tokens.values() if _is_child(each, token) and each not in family]
        made = [token for token in family if token not in chosen and token.is_living(now)]
        made.sort(key=lambda token: (token.created_at, token.token_id), reverse=True)
        return [*chosen, *sorted(made, key=lambda token: token.name)]

    async def leaked(self, tenant: str, token_ids: Sequence[str], *, now: datetime, decide: Decide) -> Found:
        family = [token for (owner, each), token in self.tokens.items() if owner == tenant and each in token_ids]
        for token in family:
            family += [each for each in self.tokens.values() if _is_child(each, token) and each not in family]
        family.sort(key=lambda token: (token.created_at, token.token_id), reverse=True)
        family.sort(key=lambda token: (token.token_id not in token_ids, token.name))
        found = [each for each in family if each.is_living(now)]
        self._write(tenant, decide(found))
        return found

    async def sign_in(self, tenant: str, user: str, *, now: datetime, decide: Decide) -> Found:
        found = [each for each in self._living(tenant, now=now) if each.kind is Kind.USER and each.name == user]
        self._write(tenant, decide(found))
        return found

    async def limit(self, tenant: str, maker_id: str, *, now: datetime, decide: Decide) -> Found:
        found = [each for each in self._living(tenant, now=now) if each.maker_id == maker_id]
        found.sort(key=lambda token: (token.name, token.token_id))
        self._write(tenant, decide(found))
        return found

    async def makers(self) -> AsyncIterator[Sequence[KnownMaker]]:
        known: dict[tuple[str, str], set[str]] = {}
        for token in self.tokens.values():
            if token.maker_id is not None and token.is_living(self.clock()):
                permissions = ",".join(sorted(token.maker_permissions or ()))
                known.setdefault((token.maker_id, token.tenant), set()).add(permissions)
        if known:
            yield [
                KnownMaker(tenant=tenant, maker_id=maker_id, permissions=tuple(sorted(permissions)))
                for (maker_id, tenant), permissions in sorted(known.items())
            ]

    async def note_uses(self, tenant: str, uses: Mapping[str, datetime]) -> None:
        for token_id, at in uses.items():
            self.tokens[tenant, token_id] = replace(self.tokens[tenant, token_id], last_used_at=at)

    def _living(
        self,
        tenant: str,
        *,
        now: datetime,
        sight: Sight = Sight(app_ids=None, maker=None),  # noqa: B008 - frozen
    ) -> list[Token]:
        return [
            token
            for (owner, _), token in self.tokens.items()
            if owner == tenant and token.is_living(now) and _is_seen(token, sight) and _reaches_no_more(token, sight)
        ]

    def _write(self, tenant: str, decision: Decision[TokenRows]) -> None:
        rows = decision.rows
        if rows is None:
            return
        for limit in rows.limits:
            for key, token in self.tokens.items():
                same = token.maker_id == limit.maker_id and (limit.maker_id is not None or token.maker == limit.maker)
                if token.tenant == tenant and token.kind is Kind.PAT and same and token.is_living(rows.at):
                    self.tokens[key] = replace(token, maker_permissions=limit.permissions)
        for token_id in rows.ended:
            self.tokens[tenant, token_id] = replace(self.tokens[tenant, token_id], revoked_at=rows.at)
        for token_id in rows.shortened:
            token, end = self.tokens[tenant, token_id], rows.shortened_to
            if end is not None:
                self.tokens[tenant, token_id] = replace(token, expires_at=min(token.expires_at, end))
        if rows.added is not None:
            self.tokens[tenant, rows.added.token_id] = rows.added
            self.ids_by_digest[rows.digest] = (tenant, rows.added.token_id)
        self.events += [part for event in decision.events for part in event.parts()]
