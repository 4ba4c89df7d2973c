"""Between protos and the rules of trusts: one short method per RPC."""

from datetime import datetime, timedelta
from typing import Any, Final

from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from paaskit.access import current_caller, current_user
from paaskit.audit import actor_of
from paaskit.paging import Pages, page_size
from paaskit.redact import Plaintext
from services.tokens.messages import token_to_proto, ttl_of
from services.tokens.trusts.exchanges import ACCESS_TOKEN, Exchanges, Presented
from services.tokens.trusts.rules.asked import NewTrust
from services.tokens.trusts.rules.making import MOST_TRUSTS
from services.tokens.trusts.trust import Trust, TrustPlace
from services.tokens.trusts.trusts import Trusts

_BEARER: Final = "Bearer"
_LIST: Final = "ListTrusts"


class TrustsServicer(tokens_pb2_grpc.TrustsServiceServicer):
    """What users call about trusts, and CI jobs that have no token yet."""

    def __init__(self, trusts: Trusts, exchanges: Exchanges, pages: Pages) -> None:
        self._trusts = trusts
        self._pages = pages
        self._exchanges = exchanges

    async def CreateTrust(self, request: tokens_pb2.CreateTrustRequest, context: Any) -> tokens_pb2.CreateTrustResponse:
        """Make a trust."""
        wanted = NewTrust(
            request_id=request.request_id,
            name=request.name,
            issuer=request.issuer,
            provider=request.provider,
            audience=request.audience,
            subject=request.subject,
            conditions=[(each.claim, each.value) for each in request.conditions],
            allow_pull_requests=request.allow_pull_requests,
            permissions=list(request.permissions),
            apps=list(request.apps),
            ttl=ttl_of(request.ttl) if request.HasField("ttl") else None,
        )
        trust = await self._trusts.create(wanted, current_user(), actor=actor_of(current_caller()))
        return tokens_pb2.CreateTrustResponse(trust=_to_proto(trust))

    async def ListTrusts(self, request: tokens_pb2.ListTrustsRequest, context: Any) -> tokens_pb2.ListTrustsResponse:
        """List trusts."""
        user = current_user()
        limit = page_size(request.page_size, default=MOST_TRUSTS, most=MOST_TRUSTS)
        after = _place_from(self._pages.open(_LIST, user.tenant, request.page_token, str, str))
        found, more = await self._trusts.page(user, limit=limit, after=after)
        return tokens_pb2.ListTrustsResponse(
            trusts=[_to_proto(trust) for trust in found],
            next_page_token=self._pages.seal(_LIST, user.tenant, *_parts_of(more)) if more else "",
        )

    async def DeleteTrust(self, request: tokens_pb2.DeleteTrustRequest, context: Any) -> tokens_pb2.DeleteTrustResponse:
        """End a trust and the tokens it gave."""
        trust, tokens = await self._trusts.end(request.trust, current_user(), actor=actor_of(current_caller()))
        return tokens_pb2.DeleteTrustResponse(trust=_to_proto(trust), tokens=tokens)

    async def TestTrust(self, request: tokens_pb2.TestTrustRequest, context: Any) -> tokens_pb2.TestTrustResponse:
        """Say what would come of an exchange."""
        examined = await self._exchanges.test(request.trust, Plaintext(request.subject_token), current_user())
        return tokens_pb2.TestTrustResponse(
            accepted=examined.refusal is None,
            verdicts=[
                tokens_pb2.Verdict(about=each.about, passed=each.passed, expected=each.expected, found=each.found)
                for each in examined.verdicts
            ],
        )

    async def ExchangeToken(
        self, request: tokens_pb2.ExchangeTokenRequest, context: Any
    ) -> tokens_pb2.ExchangeTokenResponse:
        """Exchange a token."""
        presented = Presented(
            grant_type=request.grant_type,
            trust_id=request.trust,
            unverified_jwt=Plaintext(request.subject_token),
            token_type=request.subject_token_type,
            client_address=current_caller().client_address,
        )
        token, text = await self._exchanges.exchange(presented)
        return tokens_pb2.ExchangeTokenResponse(
            access_token=text.reveal(),
            issued_token_type=ACCESS_TOKEN,
            token_type=_BEARER,
            expires_in=int((token.expires_at - token.created_at) / timedelta(seconds=1)),
            scope=" ".join(sorted(token.permissions)),
            token=token_to_proto(token),
        )


def _parts_of(place: TrustPlace) -> tuple[str, str]:
    return place.created_at.isoformat(), place.trust_id


def _place_from(parts: tuple[str, ...] | None) -> TrustPlace | None:
    return None if parts is None else TrustPlace(created_at=datetime.fromisoformat(parts[0]), trust_id=parts[1])


def _to_proto(trust: Trust) -> tokens_pb2.Trust:
    message = tokens_pb2.Trust(
        trust_id=trust.trust_id,
        name=trust.name,
        issuer=trust.issuer,
        provider=trust.provider.value,
        audience=trust.audience,
        subject=trust.subject,
        conditions=[tokens_pb2.Condition(claim=claim, value=value) for claim, value in trust.conditions],
        allow_pull_requests=trust.allow_pull_requests,
        permissions=sorted(trust.permissions),
        apps=trust.app_names,
        creator=trust.maker,
    )
    message.ttl.FromTimedelta(trust.ttl)
    message.created_at.FromDatetime(trust.created_at)
    return message
