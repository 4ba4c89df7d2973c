"""The one write path on a real PostgreSQL: once per request id, all or nothing, and what follows with it.

Covers requests as well: what is remembered, and for whom; for how long is tested in test_expiry. What becomes of
messages is tested with the outbox.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest

from paaskit.audit import AuditEvent
from paaskit.db import Connection, Database, pool
from paaskit.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable
from paaskit.outbox import Message
from paaskit.release_order import ReleaseOrder
from paaskit.releases import Releases
from paaskit.requests import RequestKey
from paaskit.trail import Trail
from paaskit.write_path import Change, Decision, NoEvent, UnrecordedError, WritePath
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE
from tests.unit.paaskit.counter import Counter

KEY = RequestKey(request_id="request-1", subject="t1", method="count", fingerprint="f1")


@pytest.fixture
async def counter(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counter]:
    """One thing, which is called `one`; who makes many changes waits for a connection as long as it takes."""
    monkeypatch.setattr(pool, "_WAIT_FOR_CONNECTION_SECONDS", PATIENCE)
    async with databases.open("config") as database, grpc.aio.insecure_channel("127.0.0.1:1") as nobody:
        path = WritePath(database, trail=Trail(database, nobody), releases=Releases(database, nobody))
        counter = Counter(database, databases, path)
        counter.thing("one")
        yield counter


def _event(action: str = "count") -> AuditEvent:
    return AuditEvent(tenant="acme", action=action, actor="user:ada")


async def test_an_equal_request_gets_the_first_ones_answer_and_has_no_effect(counter: Counter) -> None:
    first = await counter.make(request=KEY)
    assert first == {"number": 1}
    await counter.make()
    assert await counter.make(request=KEY) == first
    assert (counter.numbers(), counter.decided) == ({"one": 2}, [0, 1])


@pytest.mark.parametrize("apart", [False, True])
async def test_equal_requests_at_once_have_one_effect_and_one_answer(counter: Counter, apart: bool) -> None:
    answers = await asyncio.gather(*(counter.make(request=KEY, apart=apart) for _ in range(20)))
    assert answers == [{"number": 1}] * 20
    assert (counter.numbers(), counter.decided) == ({"one": 1}, [0])


@pytest.mark.parametrize(
    "other",
    [replace(KEY, fingerprint="f2"), replace(KEY, method="other")],
    ids=["fingerprint", "method"],
)
async def test_the_same_id_for_anything_else_is_refused(counter: Counter, other: RequestKey) -> None:
    await counter.make(request=KEY)
    with pytest.raises(InvalidInput) as refused:
        await counter.make(request=other)
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert counter.numbers() == {"one": 1}


async def test_the_same_id_about_another_thing_is_refused_also_when_it_has_the_same_name(counter: Counter) -> None:
    counter.thing("two")
    await counter.make(request=KEY)
    for other in ({"name": "two"}, {"name": "one", "about": "another-id"}):
        with pytest.raises(InvalidInput):
            await counter.make(**other, request=KEY)
    assert counter.numbers() == {"one": 1, "two": 0}


async def test_what_is_gone_contradicts_nothing(counter: Counter) -> None:
    first = await counter.make(request=KEY)
    gone = replace(counter.change(request=KEY), about=lambda _: None)
    assert (await counter.path.make(gone))[1] == first


async def test_a_fingerprint_from_before_a_key_changed_means_the_same_request(counter: Counter) -> None:
    first = await counter.make(request=KEY)
    later = replace(KEY, fingerprint="f2", also=("f0", "f1"))
    assert await counter.make(request=later) == first


async def test_an_id_is_its_credentials_and_its_tenants_own(counter: Counter) -> None:
    counter.thing("one", tenant="rival")
    await counter.make(request=KEY)
    assert await counter.make(request=replace(KEY, subject="t2")) == {"number": 2}
    assert await counter.make(request=KEY, tenant="rival") == {"number": 1}
    assert counter.remembered() == [
        ("acme", "request-1", "t1"),
        ("acme", "request-1", "t2"),
        ("rival", "request-1", "t1"),
    ]


@pytest.mark.parametrize("apart", [False, True])
async def test_one_id_for_two_things_at_once_has_one_effect(counter: Counter, apart: bool) -> None:
    counter.thing("two")
    outcomes = await asyncio.gather(
        *(counter.make(name, request=KEY, apart=apart) for name in ("one", "two")), return_exceptions=True
    )
    (refused,) = [each for each in outcomes if isinstance(each, Exception)]
    assert isinstance(refused, InvalidInput | Conflict)
    with pytest.raises(InvalidInput):
        await asyncio.gather(*(counter.make(name, request=KEY) for name in ("one", "two")))
    assert sum(counter.numbers().values()) == 1


async def test_what_follows_is_kept_with_the_change(counter: Counter) -> None:
    order = ReleaseOrder(
        tenant="acme", app_id="a", app="web", change_id="change-1", actor="user:ada", description="Count"
    )
    event, message = _event(), Message("elsewhere", "k", b"")
    await counter.make(decide=lambda _, decision: replace(decision, events=[event], order=order, messages=[message]))
    assert counter.kept() == [("audit", event.event_id), ("elsewhere", "k"), ("releaser", "change-1 0 0")]


async def test_each_order_of_one_change_is_kept(counter: Counter) -> None:
    """Going back asks config twice under one change, and the second order has more than the first."""
    order = ReleaseOrder(
        tenant="acme", app_id="a", app="web", change_id="change-1", actor="user:ada", description="Count"
    )
    for each in (replace(order, config_version=3), replace(order, config_version=4)):
        await counter.make(decide=lambda _, decision, each=each: replace(decision, order=each))
    assert counter.kept() == [("releaser", "change-1 3 0"), ("releaser", "change-1 4 0")]


async def test_a_refusal_leaves_nothing(counter: Counter) -> None:
    def refuse(_: int, decision: Decision[int]) -> Decision[int]:
        raise Refused("Not today.")

    for apart in (False, True):
        with pytest.raises(Refused, match="Not today"):
            await counter.make(request=KEY, decide=refuse, apart=apart)
    with pytest.raises(NotFound):
        await counter.make("absent", request=KEY)
    assert (counter.numbers(), counter.kept(), counter.remembered()) == ({"one": 0}, [], [])


@pytest.mark.parametrize("apart", [False, True])
async def test_a_refusal_with_consequences_commits_them_and_remembers_no_answer(counter: Counter, apart: bool) -> None:
    event = _event("refused")
    refused = Refused("Not today.")
    with pytest.raises(Refused, match="Not today"):
        await counter.make(
            request=KEY,
            apart=apart,
            decide=lambda _, decision: replace(decision, events=[event], refusal=refused),
        )
    assert (counter.numbers(), counter.kept()) == ({"one": 1}, [("audit", event.event_id)])
    assert counter.remembered() == []
    assert await counter.make(request=KEY) == {"number": 2}


async def test_the_first_half_of_a_change_is_not_remembered(counter: Counter) -> None:
    assert await counter.make(
        request=KEY, decide=lambda _, decision: replace(decision, answer={"half": 1}, remember=False)
    ) == {"half": 1}
    assert await counter.make(request=KEY) == {"number": 2}
    assert await counter.make(request=KEY) == {"number": 2}


async def test_a_write_that_fails_takes_everything_back(counter: Counter) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    for apart in (False, True):
        with pytest.raises(ZeroDivisionError):
            await counter.make(
                request=KEY,
                writes=fail,
                apart=apart,
                decide=lambda _, decision: replace(decision, events=[_event()]),
            )
    assert (counter.numbers(), counter.kept(), counter.remembered()) == ({"one": 0}, [], [])
    assert await counter.make(request=KEY) == {"number": 1}


async def test_a_decision_without_rows_is_remembered_all_the_same(counter: Counter) -> None:
    answer = await counter.make(request=KEY, decide=lambda _, decision: Decision(answer={"number": 0}))
    await counter.make()
    assert (await counter.make(request=KEY), counter.numbers()) == (answer, {"one": 1})


@pytest.mark.parametrize(
    "effect",
    [
        {"rows": 1},
        {"messages": [Message("config", "key", b"payload")]},
        {
            "order": ReleaseOrder(
                tenant="acme", app_id="a", app="web", change_id="c", actor="user:ada", description="Do"
            )
        },
    ],
    ids=["rows", "a message", "an order"],
)
async def test_what_has_an_effect_and_no_event_is_not_made_unless_it_says_why(
    counter: Counter, effect: dict[str, Any]
) -> None:
    with pytest.raises(UnrecordedError):
        await counter.make(request=KEY, decide=lambda _, __: Decision(answer={}, **effect))
    assert (counter.numbers(), counter.kept(), counter.remembered()) == ({"one": 0}, [], [])
    await counter.make(request=KEY, decide=lambda _, __: Decision(answer={}, no_event=NoEvent.PART, **effect))
    assert len(counter.remembered()) == 1


async def test_changes_of_one_thing_build_on_each_other(counter: Counter) -> None:
    answers = await asyncio.gather(*(counter.make(apart=index % 2 == 0) for index in range(30)))
    assert sorted(answer["number"] for answer in answers) == list(range(1, 31))


async def test_changes_that_share_a_transaction_do_not_touch_each_other(counter: Counter) -> None:
    """Of two tenants, one refused and one whose statement fails among them."""
    names = [f"thing{index}" for index in range(12)]
    for index, name in enumerate(names):
        counter.thing(name, tenant=_tenant(index))

    def refuse(_: int, decision: Decision[int]) -> Decision[int]:
        raise Refused("Not today.")

    def fail() -> None:
        raise ZeroDivisionError

    special: dict[int, dict[str, Any]] = {3: {"decide": refuse}, 7: {"writes": fail}}
    outcomes = await asyncio.gather(
        *(
            counter.make(
                name,
                tenant=_tenant(index),
                apart=True,
                request=replace(KEY, request_id=f"request-{index}"),
                **special.get(index, {}),
            )
            for index, name in enumerate(names)
        ),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [Refused, ZeroDivisionError]
    numbers = counter.numbers()
    assert [numbers[name] for name in names] == [int(index not in special) for index in range(12)]
    assert {(tenant, request_id) for tenant, request_id, _ in counter.remembered()} == {
        (_tenant(index), f"request-{index}") for index in range(12) if index not in special
    }


async def test_one_that_waits_too_long_for_its_lock_takes_no_other_along(
    counter: Counter, databases: Databases
) -> None:
    counter.thing("two")
    with databases.superuser("config", autocommit=False) as elsewhere:
        elsewhere.execute("SELECT 1 FROM apps WHERE name = 'one' FOR UPDATE")
        outcomes = await asyncio.gather(
            counter.make("one", apart=True, patience="200ms"),
            counter.make("two", apart=True),
            return_exceptions=True,
        )
        elsewhere.rollback()
    late, made = outcomes
    assert isinstance(late, Unavailable)
    assert late.reason == "BUSY"
    assert made == {"number": 1}
    assert counter.numbers() == {"one": 0, "two": 1}


async def test_replicas_that_lock_the_same_things_do_not_wait_for_each_other(
    counter: Counter, databases: Databases
) -> None:
    """Each replica meets them in an order of its own; a deadlock would end one with an error."""
    names = [f"thing{index}" for index in range(8)]
    for name in names:
        counter.thing(name)
    replica = Database(
        databases.service_url("config"), password_file=databases.password_file("config"), service="config"
    )
    await replica.open()
    try:
        async with grpc.aio.insecure_channel("127.0.0.1:1") as nobody:
            other = WritePath(replica, trail=Trail(replica, nobody))
            changes = [counter.change(name, apart=True) for name in names]
            await asyncio.gather(
                *(
                    path.make(change)
                    for path, order in ((counter.path, changes), (other, changes[::-1]))
                    for change in order
                )
            )
    finally:
        await replica.close()
    assert {counter.numbers()[name] for name in names} == {2}


async def test_what_is_made_together_is_locked_in_one_order(counter: Counter) -> None:
    names = [f"thing{index}" for index in range(8)]
    looked: list[str] = []

    def recorded(name: str) -> Change[Any, Any]:
        counter.thing(name)
        change = counter.change(name, apart=True)

        async def look(connection: Connection) -> Any:
            looked.append(name)
            return await change.look(connection)

        return replace(change, look=look)

    await asyncio.gather(*(counter.path.make(recorded(name)) for name in reversed(names)))
    assert sorted(looked) == names
    # Those that did not come first, and so not alone.
    assert looked[1:] == sorted(looked[1:])


def _tenant(index: int) -> str:
    return "acme" if index % 3 else "rival"
