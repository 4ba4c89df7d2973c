"""Who somebody is, as the gateway says it of what they signed in with."""

from datetime import UTC, datetime

import grpc
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.sessions.session import Person


async def who_is(channel: grpc.aio.Channel, bearer: str, *, address: str) -> tuple[Person, datetime]:
    """Return who holds a token, and until when it is good. Raises Refusal, as for one that is good no more."""
    caller = Caller(channel, bearer=bearer, address=address)
    answer = await caller.call(tokens_pb2_grpc.TokensServiceStub(channel).WhoAmI, tokens_pb2.WhoAmIRequest())
    person = Person(
        tenant=answer.tenant,
        subject=answer.subject,
        maker=answer.maker,
        permissions=frozenset(answer.permissions),
        apps=tuple(answer.apps) or None,
    )
    return person, answer.expires_at.ToDatetime(UTC)
