"""Five tenants at once at all five services, on the pools these have, while calls and statements are cut short.

A seeded generator chooses the calls, of own things and of others', and which of them get a deadline that is too short
or are cancelled; meanwhile statements of the services are cancelled and their sessions ended in PostgreSQL. What is
asked of another tenant's things is NOT_FOUND; whatever else comes back has nothing of another tenant's in it. Leaves
out whether foreign and absent things differ in any byte (tests/access/test_foreign.py) or in time (`make bench`).
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

import grpc
import pytest

from tests.access.house import whole_house
from tests.architecture.sources import SERVICES
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import until
from tests.integration.isolation.calls import OWN, Call, of_another, own
from tests.integration.isolation.people import TENANTS, TROUBLE, Person, move_in

_SEED: Final = 20261129
_WORKERS: Final = 4
_CALLS_A_CUT: Final = 8
_CUT: Final = """
    SELECT {} FROM pg_stat_activity WHERE usename = ANY(%s) AND (state = 'active' OR %s) ORDER BY random() LIMIT 1"""
_OWN, _FOREIGN, _CUT_SHORT = "own", "foreign", "cut short"


@pytest.fixture(scope="module")
async def people(
    databases: Databases, tls: Certificates, foreign_tls: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Person]]:
    """An admin of each tenant, at home in one house."""
    async with whole_house(databases, tls, foreign_tls, tmp_path_factory.mktemp("house")) as house:
        yield [await move_in(house, tenant, databases) for tenant in TENANTS]


@pytest.mark.parametrize("calls", [400, pytest.param(5_000, marks=pytest.mark.thorough)])
async def test_nothing_of_another_tenant_is_told(people: list[Person], databases: Databases, calls: int) -> None:
    counted: Counter[str] = Counter()
    cutting = asyncio.create_task(_cut(databases, random.Random(_SEED), counted))
    try:
        each = calls // (len(people) * _WORKERS)
        work = [_work(me, people, each, seed=f"{_SEED}/{n}", counted=counted) for me in people for n in range(_WORKERS)]
        await asyncio.gather(*work)
    finally:
        cutting.cancel()
        with suppress(asyncio.CancelledError):
            await cutting
    # The controls: so much was answered, and so much was not.
    assert counted.total() == calls
    assert min(counted[_OWN], counted[_FOREIGN]) > calls // 8, counted
    assert counted[_CUT_SHORT] > calls // 50, counted
    for me in people:
        await _whole(me, people)


async def _work(me: Person, people: Sequence[Person], calls: int, *, seed: str, counted: Counter[str]) -> None:
    chance = random.Random(f"{seed}/{me.tenant}")  # so that a failure can be had again, as far as that goes
    others = [person for person in people if person is not me]
    for _ in range(calls):
        call = own(me, chance) if chance.random() < 0.6 else of_another(chance.choice(others), chance)
        patience = chance.choice((None, None, None, "deadline", "cancel"))
        counted[await _ask(me, call, people, patience=patience, seconds=chance.random() * 0.02)] += 1


async def _ask(me: Person, call: Call, people: Sequence[Person], *, patience: str | None, seconds: float) -> str:
    asking = me.ask(call.request, into=call.into, **({"seconds": seconds} if patience == "deadline" else {}))
    asked = asyncio.create_task(asking)
    if patience == "cancel":
        await asyncio.wait([asked], timeout=seconds)
        asked.cancel()
    said = call.request.SerializeToString()
    try:
        answer = await asked
    except asyncio.CancelledError:
        return _CUT_SHORT
    except grpc.aio.AioRpcError as error:
        told = repr((error.details(), error.initial_metadata(), error.trailing_metadata())).encode()
        _has_nothing_of_others(told, me, people, said=said)
        code = error.code()
    else:
        code = grpc.StatusCode.OK
    if code in TROUBLE:
        return _CUT_SHORT
    if code is not grpc.StatusCode.OK:
        assert (code, call.expect) == (grpc.StatusCode.NOT_FOUND, None), f"{type(call.request)} ended with {code}"
        return _FOREIGN
    assert call.expect is not None, f"{me.tenant} got an answer to {type(call.request)} about another's"
    # What was asked for in vain is on record for whoever asked: as what it is called, and never as what it says.
    texts = answer.SerializeToString()
    if not call.echoes:
        _has_nothing_of_others(texts, me, people, said=b"")
    assert not any(other.value.encode() in texts for other in people if other is not me)
    assert call.expect(answer), f"{me.tenant} was told something else in {type(answer)}"
    return _OWN


def _has_nothing_of_others(told: bytes, me: Person, people: Sequence[Person], *, said: bytes) -> None:
    for other in people:
        if other is not me:
            assert not any(mark in told and mark not in said for mark in other.marks), f"{me.tenant} <- {other.tenant}"


async def _whole(me: Person, people: Sequence[Person]) -> None:
    """See that the tenant has all that is its own, when nothing is in the way any more."""
    chance = random.Random(_SEED)
    answered: set[type] = set()
    while len(answered) < len(OWN):
        call = own(me, chance)
        if await _ask(me, call, people, patience=None, seconds=0) == _OWN:
            answered.add(type(call.request))


async def _cut(databases: Databases, chance: random.Random, counted: Counter[str]) -> None:
    """Cancel statements, and end a session now and then, until cancelled: one for some calls, however long they take.

    By time alone, a slow machine would have more and more of its calls cut short, and too few answered.
    """
    while True:
        before = counted.total()
        how = chance.choice(("cancel", "cancel", "cancel", "terminate"))
        databases.look("config", _CUT.format(f"pg_{how}_backend(pid)"), (list(SERVICES), how == "terminate"))
        await asyncio.sleep(0.1)
        await until(lambda: counted.total() >= before + _CALLS_A_CUT)  # noqa: B023 - called at once
