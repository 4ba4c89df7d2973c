"""Wrong tokens: what counts as one source, who is slowed and who is not, and what the log and the metric tell.

The clock and the sleep are the test's. That nobody is refused for others' tokens is in tests/e2e/test_floods.py.
"""

import pytest
from structlog.testing import capture_logs

from paaskit import metrics
from services.tokens.check import wrong_tokens
from services.tokens.check.wrong_tokens import (
    BURST,
    BURST_OF_ALL,
    HOLD_SECONDS,
    MOST_SOURCES,
    WINDOW_SECONDS,
    WrongTokens,
    source_of,
)

HERE, THERE, SEEN, UNSEEN = "203.0.113.9", "203.0.113.10", b"seen", b"unseen"


class Desk:
    """Wrong tokens with a clock of the test's own; a sleep takes no time and is noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.wrong = WrongTokens(has_seen=lambda digest: digest == SEEN, clock=lambda: self.now, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def unknown(self, count: int, address: str = HERE) -> None:
        for _ in range(count):
            self.wrong.count("unknown", client_address=address)

    async def held(self, digest: bytes = UNSEEN, address: str = HERE) -> bool:
        self.slept.clear()
        await self.wrong.hold(digest, client_address=address)
        return self.slept == [HOLD_SECONDS]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::FFFF:cb00:7109", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", "others"),
        ("/run/socket", "others"),
    ],
)
def test_what_is_one_source(address: str, source: str) -> None:
    assert source_of(address) == source


async def test_after_a_burst_strangers_from_there_are_slowed_and_nobody_else(desk: Desk) -> None:
    desk.unknown(BURST - 1)
    assert not await desk.held()
    desk.unknown(1)
    assert await desk.held()
    assert not await desk.held(SEEN), "a colleague's token that is in use"
    assert not await desk.held(address=THERE)


async def test_another_address_of_the_same_source_is_slowed_alike(desk: Desk) -> None:
    for number in range(BURST):
        desk.unknown(1, f"2001:db8:1:2::{number:x}")
    assert await desk.held(address="2001:db8:1:2:ffff::1")
    assert not await desk.held(address="2001:db8:1:3::1")
    desk.unknown(BURST, "::ffff:203.0.113.9")
    assert await desk.held(address="203.0.113.9")


async def test_texts_that_cost_no_look_up_slow_nobody(desk: Desk) -> None:
    for _ in range(100):
        desk.wrong.count("malformed", client_address=HERE)
        desk.wrong.count("ended", client_address=HERE)
    assert not await desk.held()


async def test_slowness_lasts_for_the_window_after_and_no_longer(desk: Desk) -> None:
    desk.unknown(BURST)
    desk.now += WINDOW_SECONDS
    assert await desk.held()
    desk.now += WINDOW_SECONDS
    assert not await desk.held()
    desk.unknown(BURST)
    desk.now += 2 * WINDOW_SECONDS
    assert not await desk.held(), "nobody asked for a window"


async def test_many_sources_together_slow_strangers_everywhere(desk: Desk) -> None:
    for number in range(BURST_OF_ALL):
        desk.unknown(1, f"198.51.{number // 250}.{number % 250}")
    assert await desk.held(address=THERE)
    assert not await desk.held(SEEN, THERE)


async def test_waiting_fills_no_server(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong_tokens, "MOST_HELD", 0)
    desk.unknown(BURST)
    assert not await desk.held()


def test_a_source_is_one_line_a_window(desk: Desk) -> None:
    with capture_logs() as lines:
        desk.unknown(4000)
        desk.wrong.count("malformed", client_address="::ffff:203.0.113.9")
        desk.unknown(1, THERE)
        assert lines == []
        desk.now += WINDOW_SECONDS
        desk.unknown(1)
    assert [(line["event"], line["source"], line["count"], line["unknown"]) for line in lines] == [
        ("wrong_tokens", HERE, 4001, 4000),
        ("wrong_tokens", THERE, 1, 1),
    ]


def test_memory_and_lines_are_bounded(desk: Desk) -> None:
    for number in range(MOST_SOURCES + 500):
        desk.unknown(1, f"198.{number // 65536}.{number // 256 % 256}.{number % 256}")
    assert len(desk.wrong._window.sources) == MOST_SOURCES + 1
    with capture_logs() as lines:
        desk.now += WINDOW_SECONDS
        desk.unknown(1)
    assert len(lines) == 21
    assert sum(line["count"] for line in lines) == MOST_SOURCES + 500


def test_reasons_are_measured(desk: Desk) -> None:
    before = _measured()
    desk.unknown(3)
    desk.wrong.count("malformed", client_address=HERE)
    desk.wrong.count("ended", client_address="")
    assert [after - least for after, least in zip(_measured(), before, strict=True)] == [3, 1, 1]


def _measured() -> list[float]:
    names = ("unknown", "malformed", "ended")
    return [metrics.REGISTRY.get_sample_value("paas_wrong_tokens_total", {"reason": name}) or 0 for name in names]
