"""Generations of a tenant's key that a process does not hold: new ones, retired ones, and such that never were.

Leaves out what of a key ring has nothing to do with them (`test_keyring`), and when a key is retired.
"""

import asyncio
from collections.abc import Sequence

import pytest

from paaskit.errors import Unavailable
from services.secrets.keys.tenant_keys import GenerationMissingError
from services.secrets.keys.wrapping import WrappedKey
from tests.fixtures.waiting import until
from tests.unit.secrets.keys.benches import Bench
from tests.unit.secrets.keys.stores import FakeKeyStore


@pytest.fixture
def bench() -> Bench:
    """A bench of its own for each test."""
    return Bench()


async def test_a_generation_that_never_was_costs_the_kms_nothing(bench: Bench) -> None:
    """Whoever can write rows could name any; each would be a call otherwise."""
    await bench.newest("acme")
    bench.kms.unwraps = bench.store.reads = 0
    for generation in (9, -1, 0, 2**31 - 1):
        outcomes = await asyncio.gather(
            *(bench.ring.keys_for("acme", [generation]) for _ in range(100)), return_exceptions=True
        )
        assert {type(each) for each in outcomes} == {GenerationMissingError}
    assert bench.kms.unwraps == 0
    assert bench.store.reads == 4 * 2, "and the database two looks for all at once"


async def test_a_new_generation_is_one_unwrapping_for_all_who_meet_it(bench: Bench) -> None:
    await bench.newest("acme")
    other = bench.replica()
    await other.keys("acme")
    await bench.rotate("acme", 2)
    bench.kms.unwraps = 0
    found = await asyncio.gather(*(other.keys_for("acme", [2]) for _ in range(500)))
    assert {each.newest.generation for each in found} == {2}
    assert bench.kms.unwraps == 1, "the one that was not held"
    assert set((await other.keys("acme")).by_generation) == {1, 2}


async def test_a_process_catches_up_with_what_is_stored(bench: Bench) -> None:
    """Or it would take a repeated request for another one, whose fingerprint was made with a key it does not hold."""
    other = bench.replica()
    assert (await other.caught_up("acme")).newest.generation == 1, "the first is made at need"
    await bench.newest("acme")
    await bench.rotate("acme", 2)
    bench.kms.unwraps = 0
    for _ in range(3):
        assert set((await other.caught_up("acme")).by_generation) == {1, 2}
    assert bench.kms.unwraps == 1


async def test_a_generation_met_late_lengthens_nothing(bench: Bench) -> None:
    await bench.newest("acme")
    bench.clock.advance(minutes=4)
    await bench.rotate("acme", 2)
    await bench.generation("acme", 2)
    bench.kms.away = True
    bench.clock.advance(minutes=1)
    with pytest.raises(Unavailable):
        await bench.generation("acme", 2)
    assert not bench.ring._held


class Slow(FakeKeyStore):
    """Answers with what it has as it is asked, some time later."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        found = list(await super().wrapped_keys(tenant))
        await self.answers.wait()
        return found

    async def wrapped_key(self, tenant: str, generation: int) -> WrappedKey | None:
        found = await super().wrapped_key(tenant, generation)
        await self.answers.wait()
        return found


async def test_a_load_that_began_before_a_generation_was_stored_does_not_hide_it() -> None:
    bench = Bench()
    store = bench.store = Slow()
    bench.ring = bench.replica()
    await bench.newest("acme")
    bench.ring.forget("acme")
    store.answers.clear()
    early = asyncio.ensure_future(bench.ring.keys("acme"))
    too_early = asyncio.ensure_future(bench.ring._added("acme", 2))
    await until(lambda: store.reads >= 4)
    await bench.rotate("acme", 2)
    late = [asyncio.ensure_future(bench.ring.keys_for("acme", [2])) for _ in range(5)]
    await asyncio.sleep(0)
    store.answers.set()
    assert (await early).newest.generation == 1
    for each in late:
        assert (await each).newest.generation == 2
    assert (await too_early).generation == 2
    assert (await bench.ring.keys("acme")).newest.generation == 2


async def test_a_retired_generation_is_unwrapped_when_it_is_asked_for(bench: Bench) -> None:
    old = await bench.newest("acme")
    await bench.rotate("acme", 2)
    bench.store.retired.add(("acme", 1))
    other = bench.replica()
    bench.kms.unwraps = 0
    assert set((await other.keys("acme")).by_generation) == {2}
    assert bench.kms.unwraps == 1
    assert (await other.keys_for("acme", [1])).by_generation[1] == old


async def test_that_a_tenant_will_have_a_key_is_kept_before_it_is_wrapped(bench: Bench) -> None:
    bench.kms.away = True
    with pytest.raises(Unavailable):
        await bench.newest("acme")
    assert bench.store.expected == {"acme"}
