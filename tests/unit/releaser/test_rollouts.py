"""How the local runtime rolls an app out: one by one or all at once, within which time, and what it says of it.

Uses real processes; leaves out what an instance is (test_local).
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.releaser.domain import Adopted
from services.releaser.runtimes.local.record import READY, STARTING
from services.releaser.runtimes.protocol import ApplyFailed, Instance
from tests.unit.releaser.conftest import Machine, desired_of


def standing(listed: list[Instance]) -> list[tuple[int, int, str]]:
    """Index, release and state of each."""
    return sorted((each.index, each.release, each.state) for each in listed)


async def test_one_by_one_says_what_is_updated_ready_and_old(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=2))
    assert machine.reported == [(1, 0, 0), (1, 1, 0), (2, 1, 0), (2, 2, 0)]
    await machine.apply(desired_of(2, instances=2))
    assert machine.reported == [(1, 0, 2), (1, 1, 1), (2, 1, 1), (2, 2, 0)]
    await machine.apply(desired_of(2, instances=2))
    assert machine.reported == [(2, 2, 0), (2, 2, 0)], "nothing is started again"


async def test_what_is_too_many_is_old_until_it_goes(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=3))
    await machine.apply(desired_of(2))
    assert machine.reported == [(1, 0, 3), (1, 1, 2), (1, 1, 0)]
    await machine.apply(desired_of(3, instances=0))
    assert machine.reported == [(0, 0, 0)]


async def test_all_at_once_starts_all_and_each_takes_over_when_it_is_ready(machine: Machine, tmp_path: Path) -> None:
    await machine.apply(desired_of(1, instances=3))
    gate = tmp_path / "gate"
    rolling = asyncio.create_task(
        machine.apply(desired_of(2, instances=3, all_at_once=True, GATE=str(gate), GATE_FROM="2"))
    )
    await machine.until(
        lambda listed: (
            {(1, 2, READY), (2, 2, STARTING), (3, 2, STARTING)} <= set(standing(listed))
            and (1, 1, READY) not in standing(listed)
            and len(machine.reported) > 1
        )
    )
    waiting = [each for each in standing(await machine.instances()) if each[0] > 1]
    assert waiting == [(2, 1, READY), (2, 2, STARTING), (3, 1, READY), (3, 2, STARTING)], (
        "the old ones serve until then"
    )
    assert machine.reported == [(3, 0, 3), (3, 1, 2)]
    gate.touch()
    await rolling
    assert machine.reported[-1] == (3, 3, 0)


async def test_of_all_at_once_one_that_fails_leaves_none_half_way(machine: Machine, tmp_path: Path) -> None:
    await machine.apply(desired_of(1, instances=3))
    bent: dict[str, Any] = {"GATE": str(tmp_path / "never"), "CRASH": "1", "CRASH_FROM": "3"}
    with pytest.raises(ApplyFailed, match="Instance 3 exited with code 1 before it was ready"):
        await machine.apply(desired_of(2, instances=3, all_at_once=True, **bent))
    await machine.until(lambda listed: standing(listed) == [(index, 1, READY) for index in (1, 2, 3)])


async def test_of_all_at_once_one_that_can_not_be_started_stops_the_others(machine: Machine) -> None:
    await machine.apply(desired_of(1, instances=2))
    with pytest.raises(ApplyFailed, match="could not be started"):
        await machine.apply(desired_of(2, instances=2, all_at_once=True, command=("/no/such/program",)))
    await machine.until(lambda listed: standing(listed) == [(index, 1, READY) for index in (1, 2)])


async def test_a_rollout_that_is_cut_off_goes_on_where_it_was(machine: Machine, tmp_path: Path) -> None:
    await machine.apply(desired_of(1, instances=2))
    gate = tmp_path / "gate"
    desired = desired_of(2, instances=2, all_at_once=True, GATE=str(gate))
    rolling = asyncio.create_task(machine.apply(desired))
    await machine.until(lambda listed: len(listed) == 4)
    rolling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rolling
    started = {each.port for each in await machine.instances() if each.release == 2}
    gate.touch()
    await machine.apply(desired)
    assert machine.reported[-1] == (2, 2, 0)
    assert {each.port for each in await machine.instances() if each.release == 2} == started


async def test_an_apps_own_time_to_become_ready_counts(machine: Machine) -> None:
    with pytest.raises(ApplyFailed, match="did not answer on / within 1 seconds"):
        await machine.apply(desired_of(1, ready_timeout=1, UNHEALTHY="1"))


async def test_it_adopts_nothing(machine: Machine) -> None:
    adopted = Adopted(namespace="shop", deployment="web")
    with pytest.raises(ApplyFailed) as failed:
        await machine.apply(desired_of(1, instances=0, command=(), health_path="", adopted=adopted))
    assert failed.value.message.startswith("The local runtime adopts nothing; ")
    assert await machine.instances() == []
