"""What is accepted, and following: on a log in memory with a clock that the test moves.

The SQL is in tests/integration/audit; what readers may see of which apps is a selection, tested there too.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from paaskit.errors import InvalidInput, Unavailable
from paaskit.wakeups import Wakeups
from services.audit import domain
from services.audit.domain import FROM_THE_OLDEST, LONGEST_FOLLOWING, AuditLog
from services.audit.event import Report
from services.audit.selection import Selection
from tests.fakes.audit_log import FakeLog, report_of
from tests.fakes.clock import FakeClock
from tests.fixtures.waiting import PATIENCE, until

ALL = Selection()
ACTIONS = frozenset({"config.set", "secrets.get", "secrets.set"})


class Desk:
    """An audit log on a fake."""

    def __init__(self) -> None:
        self.log, self.clock = FakeLog(), FakeClock()
        self.seen: list[str] = []
        self.grown: set[str] = set()
        self.wakeups = Wakeups[str]()
        self.audit = AuditLog(self.log, self.wakeups, has_grown=self.grown.update, clock=self.clock, actions=ACTIONS)

    async def append(self, *reports: Report) -> None:
        await self.audit.append(reports, service="config")

    def follow(self, *, after: int = FROM_THE_OLDEST, selection: Selection = ALL) -> "asyncio.Task[list[str]]":
        """Follow in the background; the task's result is the actions seen, once the stream ends."""

        async def gather() -> list[str]:
            seen = self.seen = list[str]()
            try:
                async for event in self.audit.follow("acme", selection, after=after):
                    seen.append(event.report.action)
            except Unavailable as ended:
                self.ending = ended.message
            return seen

        return asyncio.create_task(gather())


@pytest.fixture
async def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"event_id": "x" * 65}, "event_id"),
        ({"event_id": "nul\0"}, "event_id"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "x" * 65}, "tenant"),
        ({"action": ""}, "action"),
        ({"action": "x" * 65}, "action"),
        ({"actor": ""}, "actor"),
        ({"actor": "é" * 101}, "actor"),
        ({"actor": "a\0"}, "actor"),
        ({"on_behalf_of": "x" * 201}, "on_behalf_of"),
        ({"app": "x" * 65}, "app"),
        ({"app_id": "x" * 65}, "app_id"),
        ({"app_id": "a\0"}, "app_id"),
        ({"request_id": "x" * 65}, "request_id"),
        ({"client_address": "x" * 65}, "client_address"),
        ({"token_id": "x" * 65}, "token_id"),
        ({"maker": "x" * 201}, "maker"),
        ({"reason": "x" * 801}, "reason"),
        ({"repeats": -1}, "repeats"),
        ({"repeats_seconds": -1}, "repeats_seconds"),
        ({"target_tokens": (("t1", ""), ("t2", ""))}, "target_tokens"),
        ({"target_tokens": (("", "user:ada"),)}, "target_tokens"),
        ({"target_tokens": (("x" * 65, ""),)}, "target_tokens"),
        ({"target_tokens": (("t1", "x" * 201),)}, "target_tokens"),
        ({"target_tokens": (("t1", "a\0"),)}, "target_tokens"),
        ({"occurred_at": None}, "occurred_at"),
        ({"outcome": 0}, "outcome"),
        ({"outcome": 4}, "outcome"),
        ({"version": -1}, "version"),
        ({"targets": ("x",) * 501}, "targets"),
        ({"targets": ("x" * 129,)}, "targets"),
        ({"targets": ("é" * 65,)}, "targets"),
        ({"targets": ("",)}, "targets"),
        ({"targets": ("a\0b",)}, "targets"),
    ],
)
async def test_wrong_report_keeps_the_whole_batch_out(desk: Desk, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await desk.append(report_of(), report_of(**wrong))
    assert [violation.field for violation in refused.value.fields] == [f"events[1].{field}"]
    assert not desk.log.events
    assert not any(str(value) in refused.value.message for value in wrong.values() if value)


async def test_missing_event_id_is_refused(desk: Desk) -> None:
    report = report_of()
    object.__setattr__(report, "event_id", "")
    with pytest.raises(InvalidInput):
        await desk.append(report)


async def test_report_at_every_limit_is_taken(desk: Desk) -> None:
    await desk.append(
        report_of(
            event_id="e" * 64,
            tenant="acme",
            action="a" * 64,
            actor="é" * 100,
            on_behalf_of="b" * 200,
            app="p" * 64,
            app_id="i" * 64,
            request_id="r" * 64,
            client_address="c" * 64,
            version=2**63 - 1,
            targets=("é" * 64, *["n" * 20] * 198, "é" * 64),
            token_id="t" * 64,
            maker="m" * 200,
            reason="é" * 400,
            target_tokens=(("t" * 64, "m" * 200),) * 200,
            repeats=2**63 - 1,
            repeats_seconds=2**63 - 1,
        )
    )
    assert len(desk.log.events["acme"]) == 1


@pytest.mark.parametrize("size", [0, 501])
async def test_size_of_a_batch_is_limited(desk: Desk, size: int) -> None:
    with pytest.raises(InvalidInput):
        await desk.append(*(report_of() for _ in range(size)))


async def test_follower_sees_what_is_appended_between_its_looks(desk: Desk) -> None:
    following = desk.follow()
    for number in range(20):
        await desk.append(report_of(action=f"a{number}"))
        await asyncio.sleep(0)
    await until(lambda: len(desk.seen) == 20)
    desk.wakeups.close()
    assert await following == [f"a{number}" for number in range(20)]
    assert desk.ending == "The stream ends here; follow again after sequence 20."


async def test_follower_reads_more_than_one_batch_in_order(desk: Desk) -> None:
    for start in range(0, 900, 300):
        await desk.append(*(report_of(action=f"a{start + number}") for number in range(300)))
    following = desk.follow(after=100)
    await until(lambda: len(desk.seen) == 800)
    desk.wakeups.close()
    assert await following == [f"a{number}" for number in range(100, 900)]


async def test_waiting_follower_looks_again_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "_LOOK_AGAIN_SECONDS", 0.01)
    following = desk.follow()
    await until(lambda: desk.log.looks >= 3)
    desk.wakeups.close()
    assert await following == []


async def test_other_tenants_events_wake_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "_LOOK_AGAIN_SECONDS", 3600.0)
    following = desk.follow()
    await until(lambda: desk.log.looks == 1 and desk.wakeups._expected)
    await desk.append(report_of(tenant="rival"))
    await asyncio.sleep(0.05)
    assert desk.log.looks == 1
    desk.wakeups.close()
    assert await following == []


async def test_following_ends_so_that_the_right_to_is_checked_again(desk: Desk) -> None:
    following = desk.follow()
    await until(lambda: desk.log.looks == 1)
    desk.clock.advance(seconds=LONGEST_FOLLOWING / timedelta(seconds=1) - 1)
    await desk.append(report_of(action="seen"))
    await until(lambda: desk.seen)
    assert not following.done()
    desk.clock.advance(seconds=1)
    await desk.append(report_of(action="left for later"))
    # It says where to go on, and whoever does misses nothing.
    assert await asyncio.wait_for(following, PATIENCE) == ["seen"]
    assert desk.ending.endswith("after sequence 1.")


async def test_follower_that_leaves_is_forgotten(desk: Desk) -> None:
    following = desk.follow()
    await until(lambda: list(desk.wakeups._expected) == ["acme"])
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert not desk.wakeups._expected


async def test_followers_of_a_tenant_read_two_at_a_time_and_all_get_everything(desk: Desk) -> None:
    await desk.append(*(report_of(action=f"a{number}") for number in range(300)))
    crowd = [desk.follow() for _ in range(40)]
    await until(lambda: desk.log.reads >= 40 * 300 // 50)
    desk.wakeups.close()
    assert await asyncio.gather(*crowd) == [[f"a{number}" for number in range(300)]] * 40
    assert desk.log.most_reads_at_once == 2


@pytest.mark.parametrize("count", [40, 120])
async def test_slow_reader_keeps_one_event_and_no_turn_and_misses_nothing(desk: Desk, count: int) -> None:
    await desk.append(*(report_of(action=f"a{number}") for number in range(count)))
    slow = [desk.audit.follow("acme", ALL, after=FROM_THE_OLDEST) for _ in range(2)]
    assert [(await each.__anext__()).sequence for each in slow] == [1, 1]
    quick = desk.follow()  # there would be no turn for it
    await until(lambda: len(desk.seen) == count)
    assert [(await slow[0].__anext__()).sequence for _ in range(count - 1)] == list(range(2, count + 1))
    desk.wakeups.close()
    await quick


async def test_many_who_wait_look_as_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "_LOOK_AGAIN_SECONDS", 3600.0)
    waiting = [desk.follow() for _ in range(50)]
    await until(lambda: len(desk.wakeups._expected.get("acme", ())) == 50)
    await desk.append(report_of(action="seen"))
    await until(lambda: desk.log.reads == 50)
    assert desk.log.looks < 10
    desk.wakeups.close()
    assert await asyncio.gather(*waiting) == [["seen"]] * 50


async def test_what_is_not_selected_is_read_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "_LOOK_AGAIN_SECONDS", 0.01)
    await desk.append(*(report_of(app="other") for _ in range(10)))
    following = desk.follow(selection=Selection(app="web"))
    await until(lambda: desk.log.looks >= 4)
    assert desk.log.reads == 1
    desk.wakeups.close()
    assert await following == []


async def test_follower_that_comes_while_the_server_stops_ends_at_once(desk: Desk) -> None:
    desk.wakeups.close()
    assert await asyncio.wait_for(desk.follow(), PATIENCE) == []


async def test_place_before_the_oldest_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        await desk.audit.follow("acme", ALL, after=-2).__anext__()
