"""How much an address may ask for without anybody of it being signed in. Leaves out which pages count (integration)."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dashboard.web.strangers import A_SECOND, AT_ONCE, Strangers


@dataclass
class Seconds:
    """A clock that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def strangers(seconds: Callable[[], float]) -> Strangers:
    return Strangers(seconds)


def _had(strangers: Strangers, address: str, times: int) -> list[int]:
    return [strangers.count(address) for _ in range(times)]


def test_an_address_has_so_many_at_once_and_then_waits(strangers: Strangers, seconds: Seconds) -> None:
    assert _had(strangers, "192.0.2.1", AT_ONCE + 1) == [0] * AT_ONCE + [1]
    seconds.now = 1
    assert _had(strangers, "192.0.2.1", A_SECOND + 1) == [0] * A_SECOND + [1]


def test_no_address_is_counted_for_another(strangers: Strangers) -> None:
    _had(strangers, "192.0.2.1", AT_ONCE)
    assert strangers.count("192.0.2.1") > 0
    assert strangers.count("192.0.2.2") == 0


def test_all_of_a_network_of_one_machine_are_one_address(strangers: Strangers) -> None:
    for number in range(AT_ONCE):
        assert strangers.count(f"2001:db8::{number:x}") == 0
    assert strangers.count("2001:db8::ffff:ffff:ffff:ffff") > 0
    assert strangers.count("2001:db8:0:1::1") == 0


@pytest.mark.parametrize("other", ["::ffff:192.0.2.1"])
def test_one_address_written_otherwise_is_the_same(strangers: Strangers, other: str) -> None:
    _had(strangers, "192.0.2.1", AT_ONCE)
    assert strangers.count(other) > 0


def test_no_more_is_saved_up_than_may_be_had_at_once(strangers: Strangers, seconds: Seconds) -> None:
    strangers.count("192.0.2.1")
    seconds.now = 1_000_000
    assert _had(strangers, "192.0.2.1", AT_ONCE + 1)[-1] > 0


def test_who_signs_in_begins_anew(strangers: Strangers) -> None:
    _had(strangers, "192.0.2.1", AT_ONCE)
    strangers.forgive("192.0.2.1")
    assert strangers.count("192.0.2.1") == 0


def test_many_addresses_take_no_memory_without_end(strangers: Strangers) -> None:
    _had(strangers, "192.0.2.1", AT_ONCE)
    for number in range(20_000):
        strangers.count(f"10.0.{number >> 8}.{number & 255}")
        strangers.know(number.to_bytes(4))
    assert strangers.count("192.0.2.1") == 0
    assert not strangers.is_known((0).to_bytes(4))
    assert strangers.is_known((19_999).to_bytes(4))
