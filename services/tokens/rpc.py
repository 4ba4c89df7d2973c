"""Between protos and the rules: one short method per RPC."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.access import current_caller, current_user
from paaskit.audit import actor_of
from paaskit.paging import Pages, page_size
from services.tokens.check.signing import raw_bytes
from services.tokens.domain import MAX_PAGE_SIZE, Place, Tokens
from services.tokens.leaks.reports import Reports
from services.tokens.messages import token_to_proto, ttl_of
from services.tokens.rules.asked import NewText, NewToken, SignIn

_LIST: Final = "ListTokens"


class TokensServicer(tokens_pb2_grpc.TokensServiceServicer):
    """What users call."""

    def __init__(self, tokens: Tokens, reports: Reports, pages: Pages) -> None:
        self._tokens = tokens
        self._reports = reports
        self._pages = pages

    async def WhoAmI(self, request: tokens_pb2.WhoAmIRequest, context: Any) -> tokens_pb2.WhoAmIResponse:
        """Say who is calling."""
        user = current_user()
        answer = tokens_pb2.WhoAmIResponse(
            tenant=user.tenant,
            subject=user.subject,
            kind=user.kind,
            permissions=sorted(user.permissions),
            apps=user.app_names,
            maker=user.maker,
        )
        answer.expires_at.FromDatetime(user.ends_at)
        return answer

    async def CreateToken(self, request: tokens_pb2.CreateTokenRequest, context: Any) -> tokens_pb2.CreateTokenResponse:
        """Make a token."""
        wanted = NewToken(
            request_id=request.request_id,
            name=request.name,
            ttl=ttl_of(request.ttl) if request.HasField("ttl") else None,
            permissions=list(request.permissions),
            apps=list(request.apps),
        )
        created, text = await self._tokens.create(wanted, current_user(), actor=actor_of(current_caller()))
        return tokens_pb2.CreateTokenResponse(
            token=token_to_proto(created.token), secret=text.reveal(), audit_event_id=created.event_id
        )

    async def ListTokens(self, request: tokens_pb2.ListTokensRequest, context: Any) -> tokens_pb2.ListTokensResponse:
        """List living tokens."""
        user = current_user()
        limit = page_size(request.page_size, default=MAX_PAGE_SIZE, most=MAX_PAGE_SIZE)
        after = _place_from(self._pages.open(_LIST, user.tenant, request.page_token, str, str))
        found, more = await self._tokens.page(user, limit=limit, after=after)
        return tokens_pb2.ListTokensResponse(
            tokens=[token_to_proto(token) for token in found],
            next_page_token=self._pages.seal(_LIST, user.tenant, *_parts_of(more)) if more else "",
        )

    async def FindTokens(self, request: tokens_pb2.FindTokensRequest, context: Any) -> tokens_pb2.FindTokensResponse:
        """Find tokens by name or id."""
        found, more = await self._tokens.find(request.tokens, current_user())
        return tokens_pb2.FindTokensResponse(tokens=[token_to_proto(token) for token in found], has_more=more)

    async def RotateToken(self, request: tokens_pb2.RotateTokenRequest, context: Any) -> tokens_pb2.RotateTokenResponse:
        """Give a token a new text."""
        wanted = NewText(
            request_id=request.request_id,
            reference=request.token,
            overlap=ttl_of(request.overlap) if request.HasField("overlap") else None,
            ttl=ttl_of(request.ttl) if request.HasField("ttl") else None,
        )
        rotated, text = await self._tokens.rotate(wanted, current_user(), actor=actor_of(current_caller()))
        return tokens_pb2.RotateTokenResponse(
            token=token_to_proto(rotated.token),
            secret=text.reveal(),
            previous=token_to_proto(rotated.previous),
            descendants=sum(each.name != rotated.token.name for each in rotated.others),
        )

    async def RevokeToken(self, request: tokens_pb2.RevokeTokenRequest, context: Any) -> tokens_pb2.RevokeTokenResponse:
        """End a token and all made with it."""
        token, others = await self._tokens.revoke(request.token, current_user(), actor=actor_of(current_caller()))
        rotated = sum(each.name == token.name for each in others)
        return tokens_pb2.RevokeTokenResponse(
            token=token_to_proto(token), descendants=len(others) - rotated, rotated=rotated
        )

    async def ReportToken(self, request: tokens_pb2.ReportTokenRequest, context: Any) -> tokens_pb2.ReportTokenResponse:
        """End the token of a text that got out."""
        await self._reports.end(request.secret, actor=actor_of(current_caller()))
        return tokens_pb2.ReportTokenResponse()

    async def EndSessions(self, request: tokens_pb2.EndSessionsRequest, context: Any) -> tokens_pb2.EndSessionsResponse:
        """End a person's sessions."""
        ended = await self._tokens.end_sessions(request.user, current_user(), actor=actor_of(current_caller()))
        return tokens_pb2.EndSessionsResponse(sign_ins=ended)


class TokensInternalServicer(tokens_pb2_grpc.TokensInternalServiceServicer):
    """What services and operators call."""

    def __init__(self, tokens: Tokens, public_keys: Callable[[], Awaitable[Mapping[str, Ed25519PublicKey]]]) -> None:
        self._tokens = tokens
        self._public_keys = public_keys

    async def GetSigningKeys(
        self, request: tokens_pb2.GetSigningKeysRequest, context: Any
    ) -> tokens_pb2.GetSigningKeysResponse:
        """Hand out the public keys."""
        keys = await self._public_keys()
        return tokens_pb2.GetSigningKeysResponse(
            keys=[tokens_pb2.SigningKey(key_id=key_id, public_key=raw_bytes(key)) for key_id, key in keys.items()]
        )

    async def FindEndedTokens(
        self, request: tokens_pb2.FindEndedTokensRequest, context: Any
    ) -> tokens_pb2.FindEndedTokensResponse:
        """Say which tokens have ended."""
        ended = await self._tokens.ended([(key.tenant, key.token_id) for key in request.tokens])
        return tokens_pb2.FindEndedTokensResponse(
            ended=[tokens_pb2.TokenKey(tenant=tenant, token_id=token_id) for tenant, token_id in ended]
        )

    async def IssueSignIn(self, request: tokens_pb2.IssueSignInRequest, context: Any) -> tokens_pb2.IssueSignInResponse:
        """Sign a person in."""
        asked = SignIn(tenant=request.tenant, user=request.user, role=request.role, ttl=ttl_of(request.ttl))
        actor = actor_of(current_caller(), tenant=request.tenant, on_behalf_of=f"user:{request.user}")
        text, expires_at = await self._tokens.sign_in(asked, actor=actor)
        answer = tokens_pb2.IssueSignInResponse(secret=text.reveal())
        answer.expires_at.FromDatetime(expires_at)
        return answer


def _parts_of(place: Place) -> tuple[str, str]:
    return place.created_at.isoformat(), place.token_id


def _place_from(parts: tuple[str, ...] | None) -> Place | None:
    return None if parts is None else Place(created_at=datetime.fromisoformat(parts[0]), token_id=parts[1])
