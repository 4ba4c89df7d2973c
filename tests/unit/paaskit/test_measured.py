"""What is left in the metrics by calls, streams, shares, batches, connections, leases and the queue of releases.

Leaves out the page (test_metrics.py), outboxes, denials and wrong tokens, which are tested where they are counted, and
counting the queue (tests/integration/releaser/test_queue.py).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2

from paaskit import metrics
from paaskit.batching import Batcher
from paaskit.errors import TooManyRequests, Unauthenticated, Unavailable
from paaskit.gate import Bulkheads, Sessions, Shares
from paaskit.gate.sessions import TokenKey
from services.releaser.store.standing import Standing
from services.releaser.work.standing import show
from services.tokens.check.leases import LeasedTokens
from services.tokens.token import Token
from tests.fakes.identities import identity_of
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.tokens.builders import token_of
from tests.unit.paaskit.gated import LIST_VARS, WATCH, Gated
from tests.unit.paaskit.test_bulkheads import WATCHED, WEB, Held

_LIST = LIST_VARS.removeprefix("/")
_WATCH = WATCH.removeprefix("/")


def _value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0


def _rise(name: str, **labels: str) -> Callable[[], float]:
    """How much a value has risen since now."""
    before = _value(name, **labels)
    return lambda: _value(name, **labels) - before


async def test_a_call_is_in_flight_until_it_is_answered(gated: Gated) -> None:
    held = Held(gated)
    in_flight, well = _rise("paas_requests_in_flight"), _rise("paas_requests_total", method=_LIST, code="OK")
    timed = _rise("paas_request_seconds_count", method=_LIST)
    call = asyncio.create_task(gated.call(LIST_VARS, WEB))
    await until(lambda: held.at_work == 1)
    assert (in_flight(), well()) == (1, 0)
    held.go.set()
    await call
    assert (in_flight(), well(), timed()) == (0, 1, 1)


async def test_a_call_whose_client_goes_away_is_not_in_flight_any_more(gated: Gated) -> None:
    held = Held(gated)
    in_flight, left = _rise("paas_requests_in_flight"), _rise("paas_requests_total", method=_LIST, code="CANCELLED")
    call = asyncio.create_task(gated.call(LIST_VARS, WEB))
    await until(lambda: held.at_work == 1)
    call.cancel()
    await until(lambda: left() == 1)
    assert in_flight() == 0
    held.go.set()


async def test_a_refused_call_is_counted_by_its_code(gated: Gated) -> None:
    refused = _rise("paas_requests_total", method=_LIST, code="INVALID_INPUT")
    invalid = _rise("paas_requests_total", method=_LIST, code="INVALID_ARGUMENT")
    in_flight = _rise("paas_requests_in_flight")
    await gated.refused(LIST_VARS, config_pb2.ListVarsRequest(app="w\x00b").SerializeToString())
    assert (refused(), invalid(), in_flight()) == (0, 1, 0)


async def test_a_stream_is_open_until_it_ends_or_its_reader_leaves(gated: Gated) -> None:
    held = Held(gated)
    is_open = _rise("paas_streams_open")
    well = _rise("paas_requests_total", method=_WATCH, code="OK")
    left = _rise("paas_requests_total", method=_WATCH, code="CANCELLED")
    timed = _rise("paas_request_seconds_count", method=_WATCH)
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        watch: Any = channel.unary_stream(WATCH)
        streams = [watch(WATCHED, metadata=gated.signer.user(), timeout=PATIENCE) for _ in range(2)]
        for stream in streams:
            await stream.read()
        assert is_open() == 2
        streams[0].cancel()
        await until(lambda: left() == 1)
        assert is_open() == 1
        held.go.set()
        await streams[1].read()
        assert await streams[1].code() is grpc.StatusCode.OK
    assert (is_open(), well(), timed()) == (0, 1, 0)


@pytest.mark.parametrize(("token_id", "tenant", "share"), [("t1", "acme", "token"), ("t2", "acme", "tenant")])
@pytest.mark.parametrize("kind", ["requests", "streams"])
def test_a_refusal_is_counted_by_whose_share_was_used_up(kind: str, token_id: str, tenant: str, share: str) -> None:
    shares = Shares(
        requests_of_token=1, requests_of_tenant=1, streams_of_token=1, streams_of_tenant=1, requests=9, streams=9
    )
    bulkheads = Bulkheads(shares)
    take = bulkheads.request if kind == "requests" else bulkheads.stream
    take(identity_of(token_id="t1"))
    refused = _rise("paas_share_refusals_total", kind=kind, share=share)
    with pytest.raises(TooManyRequests):
        take(identity_of(token_id=token_id, tenant=tenant))
    assert refused() == 1


def test_a_refusal_by_the_service_itself_is_counted_as_that() -> None:
    bulkheads = Bulkheads(Shares(requests=1))
    bulkheads.request(identity_of(token_id="t1"))
    refused = _rise("paas_share_refusals_total", kind="requests", share="service")
    with pytest.raises(TooManyRequests):
        bulkheads.request(identity_of(token_id="t2", tenant="rival"))
    assert refused() == 1


@pytest.mark.parametrize(("away", "reason"), [(False, "token_ended"), (True, "tokens_away")])
async def test_streams_that_are_ended_are_counted_once_by_why(away: bool, reason: str) -> None:
    now = 100.0

    async def ended(keys: Sequence[TokenKey]) -> Sequence[TokenKey]:
        if away:
            raise Unavailable("Away.")
        return keys

    sessions = Sessions(ended, clock=lambda: now)  # type: ignore[arg-type]  # a Collection is a Sequence here

    async def stream() -> None:
        with sessions.stream(identity_of(token_id="t1")):
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(stream()) for _ in range(3)]
    await asyncio.sleep(0)
    counted, not_looked_at = (
        _rise("paas_streams_ended_total", reason=reason),
        _rise("paas_sessions_not_looked_at_total"),
    )
    now += 11
    await sessions.look()
    await sessions.look()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in outcomes} == {Unavailable if away else Unauthenticated}
    assert (counted(), not_looked_at()) == (3, 2 if away else 0)


async def test_batches_are_counted_by_their_size() -> None:
    async def work(_: str, items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0)
        return items

    batcher: Batcher[int, int] = Batcher(work, name="sizes", largest=8, crowd_seconds=0)
    await asyncio.gather(*(batcher.submit("", item) for item in range(11)))
    assert _value("paas_batch_size_count", batch="sizes") == 2, "eleven came together, of whom eight are the most"
    assert _value("paas_batch_size_sum", batch="sizes") == 11
    assert _value("paas_batch_size_bucket", batch="sizes", le="4.0") == 1


async def test_a_token_is_a_hit_where_the_database_was_not_asked_for_it() -> None:
    go = asyncio.Event()

    async def find(_: bytes) -> Token | None:
        await go.wait()
        return token_of()

    leased = LeasedTokens(find, clock=lambda: 100.0)
    hits, looked_up = (
        _rise("paas_sign_in_leases_total", lease="hit"),
        _rise("paas_sign_in_leases_total", lease="looked_up"),
    )
    together = [asyncio.create_task(leased.find(b"d")) for _ in range(3)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(*together)
    await leased.find(b"d")
    assert (hits(), looked_up()) == (3, 1)


def test_the_queue_is_shown_by_class_of_tenants() -> None:
    show([Standing(at_share=False, waiting=3, worked_on=2), Standing(at_share=True, waiting=70, worked_on=4)])
    shown = {
        (state, tenants): _value("paas_release_queue_apps", state=state, tenant_class=tenants)
        for state in ("waiting", "worked_on")
        for tenants in ("within_share", "at_share")
    }
    assert shown == {
        ("waiting", "within_share"): 3,
        ("waiting", "at_share"): 70,
        ("worked_on", "within_share"): 2,
        ("worked_on", "at_share"): 4,
    }
