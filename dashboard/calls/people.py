"""Who somebody is, as the gateway says it of what they signed in with, and whose sessions they may end."""

from datetime import UTC, datetime

import grpc
import structlog
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import Person

log = structlog.get_logger()


async def who_is(channel: grpc.aio.Channel, bearer: str, *, address: str) -> tuple[Person, datetime]:
    """Return who holds a token, and until when it is good. Raises Refusal, as for one that is good no more."""
    return await who_calls(Caller(channel, bearer=bearer, address=address))


async def who_calls(caller: Caller) -> tuple[Person, datetime]:
    """The same of who calls, as they are now. Raises Refusal."""
    answer = await caller.call(tokens_pb2_grpc.TokensServiceStub(caller.channel).WhoAmI, tokens_pb2.WhoAmIRequest())
    person = Person(
        tenant=answer.tenant,
        subject=answer.subject,
        maker=answer.maker,
        permissions=frozenset(answer.permissions),
        apps=tuple(answer.apps) or None,
    )
    return person, answer.expires_at.ToDatetime(UTC)


async def end_sessions(caller: Caller, *, user: str) -> int:
    """End the sessions of a person that the platform keeps, and have it on record; how many there were.

    Raises Refusal, as where they may not.
    """
    return await _end(caller, user)


async def record_own_end(caller: Caller) -> None:
    """Have it in the audit log that somebody ended browsers of their own.

    Those are signed out already, since that depends on nobody else: where it can't be recorded, our log says so.
    """
    try:
        await _end(caller, "")
    except Refusal as refusal:
        log.warning("the end of somebody's own sessions could not be recorded", code=refusal.code)


async def _end(caller: Caller, user: str) -> int:
    stub = tokens_pb2_grpc.TokensServiceStub(caller.channel)
    return (await caller.call(stub.EndSessions, tokens_pb2.EndSessionsRequest(user=user))).sign_ins
