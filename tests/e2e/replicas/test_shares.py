"""What one token and one tenant may have open is counted in each process, so that three admit three times that.

The figures of one process are those of `Shares`; docs/operations.md says what they come to. Requests are counted by the
same tally (tests/unit/paaskit/test_bulkheads.py).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import grpc
import pytest
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from local.ports import GATEWAY, HOST, port_of
from paaskit.gate.bulkheads import Shares
from tests.e2e.installation import Installation
from tests.e2e.replicas.processes import WORKERS, Metadata, Processes, settled, signed_in
from tests.fixtures.late import awaited_in_time
from tests.fixtures.waiting import PATIENCE

pytestmark = pytest.mark.thorough
_SHARES = Shares()
_FROM_THE_OLDEST = audit_pb2.FollowEventsRequest(after_sequence=-1)


async def _from_the_newest(processes: Processes, metadata: Metadata) -> audit_pb2.FollowEventsRequest:
    """A stream that begins with one event and not with all there are: hundreds of those would be work for a minute."""
    newest, method = audit_pb2.ListEventsRequest(page_size=1), processes.audit[0].ListEvents

    async def ask() -> Any:
        return await awaited_in_time(lambda: method(newest, metadata=metadata, timeout=PATIENCE))

    listed = await settled(ask, lambda answer: bool(answer.events))
    # After none is from the oldest on; 0 would be from now on, with nothing to begin with.
    after = listed.events[0].sequence - 1
    return audit_pb2.FollowEventsRequest(after_sequence=after or _FROM_THE_OLDEST.after_sequence)


async def _people(three: Installation, tenant: str, *, many: int) -> list[Metadata]:
    """Admins of a tenant of their own, in which nobody else has a stream that may not be gone yet, and an event is."""
    people = [await asyncio.to_thread(three.person, f"{number}@example.com", tenant=tenant) for number in range(many)]
    await asyncio.to_thread(partial(three.new_app, people[0], instances=0))
    return [await signed_in(three.stack, each.environment["PAAS_TOKEN"]) for each in people]


class _Streams:
    """Streams that were begun at once, and how: with an event, or with whose share is used up.

    One that is told that somebody was late, as on a machine that has other things to do, has no share and is begun
    again.
    """

    def __init__(self) -> None:
        self._calls: list[Any] = []

    async def begin(self, methods: Sequence[Callable[[], Any]]) -> Counter[str]:
        """Begin one with each of these; how they began."""
        return Counter(await asyncio.gather(*map(self._began, methods)))

    def cancel(self) -> None:
        """End all of them."""
        for call in self._calls:
            call.cancel()

    async def _began(self, method: Callable[[], Any]) -> str:
        async def once() -> Any:
            call = method()
            self._calls.append(call)
            await call.read()
            return call

        try:
            call = await awaited_in_time(once)
        except grpc.aio.AioRpcError as error:
            words = (error.details() or "").split()
            exhausted = error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            return " ".join(words[:2]) if exhausted else f"{error.code().name}: {error.details()}"
        return "ended" if call.done() else "open"


async def test_a_token_has_its_share_of_streams_in_each_process(three: Installation, processes: Processes) -> None:
    ((metadata,), over) = await _people(three, "initech", many=1), 3
    request = await _from_the_newest(processes, metadata)
    follow = [partial(stub.FollowEvents, request, metadata=metadata, timeout=PATIENCE) for stub in processes.audit]
    streams, of_each = _Streams(), _SHARES.streams_of_token + over
    began = await streams.begin([each for each in follow for _ in range(of_each)])
    assert began == {"open": WORKERS * _SHARES.streams_of_token, "This token": WORKERS * over}
    # What one process has given back is free in that one.
    streams.cancel()
    async with asyncio.timeout(PATIENCE):
        for each in follow:
            again = _Streams()
            while not (await again.begin([each]))["open"]:
                pass
            again.cancel()


async def test_a_tenant_has_its_share_of_streams_in_each_process(three: Installation, processes: Processes) -> None:
    identities = await _people(three, "umbrella", many=5)
    request = await _from_the_newest(processes, identities[0])
    follow = [
        partial(stub.FollowEvents, request, metadata=identity, timeout=PATIENCE)
        for stub in processes.audit
        for identity in identities
        for _ in range(_SHARES.streams_of_token)
    ]
    over, streams = len(identities) * _SHARES.streams_of_token - _SHARES.streams_of_tenant, _Streams()
    try:
        began = await streams.begin(follow)
        assert began == {"open": WORKERS * _SHARES.streams_of_tenant, "Your tenant": WORKERS * over}
    finally:
        streams.cancel()


async def test_through_the_gateway_a_token_has_no_more_than_the_sum(three: Installation) -> None:
    person = await asyncio.to_thread(three.person, tenant="globex")
    await asyncio.to_thread(three.new_app, person, instances=0)
    address = f"{HOST}:{port_of(GATEWAY, base_port=three.stack.base_port)}"
    metadata = (("authorization", f"Bearer {person.environment['PAAS_TOKEN']}"),)
    most = WORKERS * _SHARES.streams_of_token
    async with grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        stub, streams = audit_pb2_grpc.AuditServiceStub(channel), _Streams()
        follow = partial(stub.FollowEvents, _FROM_THE_OLDEST, metadata=metadata, timeout=PATIENCE)
        began = await streams.begin([follow] * (most * 2))
        streams.cancel()
    assert _SHARES.streams_of_token < began["open"] <= most
    # The gateway has a limit of its own, of how often it asks who this is.
    assert began["open"] + began["This token"] + began["Too many"] == most * 2
