"""Noting what was given out: once a day, in batches, and nothing lost where the database is away for a while.

What is written and listed of it is in tests/integration/secrets/test_due.py.
"""

from collections.abc import Sequence
from datetime import UTC, timedelta

import pytest

from paaskit.errors import Unavailable
from services.secrets.rules.stored import Kind
from services.secrets.upkeep.deliveries import Delivered, Deliveries
from tests.fakes.clock import FakeClock
from tests.unit.secrets.snapshots import entry


class Kept:
    """A store that keeps what it is given, unless it is `away`."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[Delivered]]] = []
        self.away = False

    async def begin(self) -> None:
        """Nothing."""

    async def keep(self, tenant: str, delivered: Sequence[Delivered]) -> None:
        """Keep these."""
        if self.away:
            raise Unavailable("away")
        self.batches.append((tenant, list(delivered)))


@pytest.fixture
def kept() -> Kept:
    """A store of its own for each test."""
    return Kept()


async def test_each_value_is_written_once_however_often_it_was_given(kept: Kept) -> None:
    deliveries = Deliveries(kept, clock=FakeClock())
    for _ in range(3):
        deliveries.given("acme", "a1", [entry("KEY"), entry("OTHER", version=6)])
    deliveries.given("globex", "a2", [entry("KEY")])
    await deliveries.write()
    assert kept.batches == [("acme", [("a1", "KEY", 5), ("a1", "OTHER", 6)]), ("globex", [("a2", "KEY", 5)])]
    await deliveries.write()
    assert len(kept.batches) == 2


async def test_what_was_written_within_a_day_and_what_add_ons_manage_is_passed_over(kept: Kept) -> None:
    clock = FakeClock()
    now = clock().astimezone(UTC)
    deliveries = Deliveries(kept, clock=clock)
    lately, long_ago = now - timedelta(hours=23), now - timedelta(hours=25)
    deliveries.given(
        "acme",
        "a1",
        [entry("NEW", delivered_at=lately), entry("OLD", delivered_at=long_ago), entry("DB", kind=Kind.MANAGED)],
    )
    await deliveries.write()
    assert kept.batches == [("acme", [("a1", "OLD", 5)])]


async def test_nothing_is_lost_while_the_database_is_away(kept: Kept) -> None:
    deliveries = Deliveries(kept, clock=FakeClock())
    deliveries.given("acme", "a1", [entry("KEY")])
    kept.away = True
    with pytest.raises(Unavailable):
        await deliveries.write()
    kept.away = False
    deliveries.given("acme", "a1", [entry("KEY")])
    await deliveries.write()
    assert kept.batches == [("acme", [("a1", "KEY", 5)])]


async def test_what_waits_has_a_bound_and_is_written_in_batches(kept: Kept) -> None:
    deliveries = Deliveries(kept, clock=FakeClock())
    for app in range(50):
        deliveries.given("acme", f"a{app}", [entry(f"KEY{number}") for number in range(500)])
    await deliveries.write()
    assert sum(len(batch) for _, batch in kept.batches) == 20_000
    assert max(len(batch) for _, batch in kept.batches) == 500
    deliveries.given("acme", "a1", [entry("LATER")])
    await deliveries.write()
    assert kept.batches[-1] == ("acme", [("a1", "LATER", 5)])
