"""The contract of runtimes: what `services.releaser.runtimes.protocol.Runtime` says, whatever runs the programs.

No runtime has to know its instances by number: each test says what becomes of the first program of a release, the
second, and so on. The Kubernetes runtime passes the same on a real cluster (tests/kubernetes/contract).

Leaves out what is of one runtime alone (for the local one, tests/unit/releaser/test_local.py), and what is mended when
it dies by itself.
"""

import asyncio

import pytest

from services.releaser.domain import AppKey
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease, Progress
from tests.fixtures.waiting import until
from tests.integration.releaser.runtimes.fates import Fate
from tests.integration.releaser.runtimes.ground import APP, KEY, Ground

_LOOKS = 40
_BETWEEN_LOOKS_SECONDS = 0.05
"""A runtime that goes on trying has tried within so many looks."""


async def held() -> None:
    """Nobody else works on the app."""


async def apply(ground: Ground, desired: DesiredRelease) -> tuple[int, int, int]:
    """Apply; return how many were updated, ready and old at last."""
    last = Progress(updated=0, ready=0, old=0)

    async def report(progress: Progress) -> None:
        nonlocal last
        assert progress.ready <= progress.updated
        last = progress

    await ground.runtime.apply(desired, report, held)
    return last.updated, last.ready, last.old


def all_of(instances: int) -> tuple[int, int, int]:
    """What is reported at last of a rollout that went well."""
    return instances, instances, 0


async def failure_of(ground: Ground, desired: DesiredRelease) -> str:
    """Apply what fails; return the sentence that says why."""
    with pytest.raises(ApplyFailed) as failed:
        await apply(ground, desired)
    return failed.value.message


async def listed(ground: Ground) -> list[tuple[int, int, str]]:
    """Index, release and state of each instance there is."""
    return [(each.index, each.release, each.state) for each in await ground.runtime.instances(KEY)]


async def settled(ground: Ground, *releases: int) -> None:
    """Return once nothing runs but ready instances of these releases, by index."""
    wanted = [(index, release, "ready") for index, release in enumerate(releases, 1)]

    async def there() -> bool:
        return await listed(ground) == wanted

    await until(there)


async def at_rest(ground: Ground, instances: int) -> None:
    """Return once so many ready instances, and no others, are the same for a while and no program is started.

    A runtime that goes on trying never comes to it. One that only asks for programs to be stopped may have one started
    again before that is done: the kubelet of a node hears of it later than the releaser is told.
    """

    async def still() -> bool:
        before, starts = ground.identities(), ground.fates.all_starts()
        for _ in range(_LOOKS):
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
            if ground.fates.all_starts() != starts:
                return False
        states = [state for _, _, state in await listed(ground)]
        return states == ["ready"] * instances and ground.identities() == before

    await until(still)


def run_by(ground: Ground, name: str) -> list[str | None]:
    """The value that a variable has in each instance, in no order; None where it has none."""
    return [environment.get(name) for environment in ground.environments()]


async def test_all_instances_come_up_with_all_variables(ground: Ground) -> None:
    strange = 'line\nwith "quotes" and = and ü'
    assert await apply(ground, ground.desired(7, instances=2, A="1", EMPTY="", STRANGE=strange)) == all_of(2)
    assert await listed(ground) == [(1, 7, "ready"), (2, 7, "ready")]
    environments = ground.environments()
    assert len(environments) == 2
    for environment in environments:
        told = {"A": "1", "EMPTY": "", "STRANGE": strange, "PAAS_APP": APP, "PAAS_RELEASE": "v7"}
        assert told.items() <= environment.items()
        assert environment["PORT"].isdecimal()
    # Which instance it is, where they have environments of their own.
    assert {environment.get("PAAS_INSTANCE") for environment in environments} in ({"1", "2"}, {None})


async def test_a_newer_release_takes_the_place_of_each_instance(ground: Ground) -> None:
    await apply(ground, ground.desired(1, instances=2, A="old"))
    before = ground.identities()
    assert await apply(ground, ground.desired(2, instances=2, B="new")) == all_of(2)
    await settled(ground, 2, 2)
    assert run_by(ground, "A") == [None, None]
    assert run_by(ground, "B") == ["new", "new"]
    assert not before.keys() & ground.identities().keys()


async def test_the_others_come_once_the_first_is_ready(ground: Ground) -> None:
    await apply(ground, ground.desired(1, instances=3))
    before = ground.identities()
    applying = asyncio.create_task(apply(ground, ground.desired(2, instances=3, fates=(Fate.WAITS, Fate.READY))))
    await until(lambda: ground.fates.begun(2) == 1)
    for _ in range(_LOOKS):
        await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
        assert ground.fates.begun(2) == 1
    assert ground.identities() == before, "none is taken away before it"
    ground.fates.let_through()
    assert await applying == all_of(3)


async def test_applying_again_replaces_nothing(ground: Ground) -> None:
    desired = ground.desired(1, instances=2)
    await apply(ground, desired)
    before = ground.identities()
    assert await apply(ground, desired) == all_of(2)
    assert ground.identities() == before
    assert ground.fates.starts(1) == 2


async def test_a_failure_is_one_sentence_without_a_value(ground: Ground) -> None:
    told = await failure_of(ground, ground.desired(1, instances=1, fates=(Fate.ENDS,), KEY="planted-value"))
    assert told.endswith(".")
    assert "\n" not in told
    assert "planted-value" not in told


async def test_what_a_failure_did_not_replace_goes_on_and_nothing_goes_on_trying(ground: Ground) -> None:
    await apply(ground, ground.desired(1, instances=3, A="old"))
    before = ground.identities()
    await failure_of(ground, ground.desired(2, instances=3, fates=(Fate.READY, Fate.ENDS), A="new"))
    await at_rest(ground, 3)
    assert ground.fates.begun(2) == 2, "the third was not begun"
    assert len(before.keys() & ground.identities().keys()) == 2
    # What had been replaced is of either release, and whole.
    found = sorted((each["PAAS_RELEASE"], each["A"]) for each in ground.environments())
    assert found[:2] == [("v1", "old")] * 2
    assert found[2] in {("v1", "old"), ("v2", "new")}


async def test_a_first_release_that_fails_leaves_nothing_behind(ground: Ground) -> None:
    await failure_of(ground, ground.desired(1, instances=2, fates=(Fate.ENDS,)))
    await at_rest(ground, 0)


async def test_applying_the_last_good_one_after_a_failure_puts_things_right(ground: Ground) -> None:
    """As the release that takes back a failed change does: its variables are of before, its number is new."""
    await apply(ground, ground.desired(1, instances=2, A="good"))
    await failure_of(ground, ground.desired(2, instances=2, fates=(Fate.READY, Fate.ENDS), A="bad"))
    assert await apply(ground, ground.desired(3, instances=2, A="good")) == all_of(2)
    await settled(ground, 3, 3)
    assert run_by(ground, "A") == ["good", "good"]


async def test_the_last_good_release_itself_can_be_applied_after_a_failure(ground: Ground) -> None:
    good = ground.desired(1, instances=2, A="good")
    await apply(ground, good)
    before = ground.identities()
    await failure_of(ground, ground.desired(2, instances=2, fates=(Fate.READY, Fate.ENDS), A="bad"))
    assert await apply(ground, good) == all_of(2)
    await settled(ground, 1, 1)
    assert run_by(ground, "A") == ["good", "good"]
    assert len(before.keys() & ground.identities().keys()) == 1, "one was never replaced"


async def test_what_is_cancelled_in_the_middle_is_completed_when_it_is_applied_again(ground: Ground) -> None:
    await apply(ground, ground.desired(1, instances=3, A="old"))
    desired = ground.desired(2, instances=3, fates=(Fate.READY, Fate.WAITS), A="new")
    reported: list[int] = []

    async def report(progress: Progress) -> None:
        reported.append(progress.ready)

    applying = asyncio.create_task(ground.runtime.apply(desired, report, held))
    await until(lambda: reported[-1:] == [1])
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    first = {identity for identity, release in ground.identities().items() if release == 2}
    assert len(first) == 1
    ground.fates.let_through()
    assert await apply(ground, desired) == all_of(3)
    await settled(ground, 2, 2, 2)
    assert run_by(ground, "A") == ["new", "new", "new"]
    assert first <= ground.identities().keys(), "it goes on from where it was"
    assert ground.fates.starts(2) == 3


async def test_a_newer_release_may_be_applied_after_one_that_was_cancelled(ground: Ground) -> None:
    await apply(ground, ground.desired(1, instances=2, A="old"))
    applying = asyncio.create_task(apply(ground, ground.desired(2, instances=2, fates=(Fate.WAITS,), A="stuck")))
    await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    assert await apply(ground, ground.desired(3, instances=2, A="newest")) == all_of(2)
    await settled(ground, 3, 3)
    assert run_by(ground, "A") == ["newest", "newest"]


async def test_the_number_of_instances_grows_and_shrinks(ground: Ground) -> None:
    for release, instances in enumerate((1, 3, 2), 1):
        assert await apply(ground, ground.desired(release, instances=instances)) == all_of(instances)
        await settled(ground, *[release] * instances)


async def test_no_instances_are_up_at_once(ground: Ground) -> None:
    assert await apply(ground, ground.desired(1, instances=0)) == all_of(0)
    assert await listed(ground) == []
    await apply(ground, ground.desired(2, instances=2))
    assert await apply(ground, ground.desired(3, instances=0)) == all_of(0)
    await settled(ground)


async def test_removing_stops_everything_and_again_has_no_effect(ground: Ground) -> None:
    await apply(ground, ground.desired(1, instances=2))
    for _ in range(2):
        await ground.runtime.remove(KEY)
        assert await listed(ground) == []
    # What comes later starts from nothing.
    await apply(ground, ground.desired(2, instances=1))
    await settled(ground, 2)


async def test_an_app_that_was_never_applied_has_no_instances_and_can_be_removed(ground: Ground) -> None:
    nobody = AppKey(tenant="acme", app_id="nobody's")
    await apply(ground, ground.desired(1, instances=1))
    await ground.runtime.remove(nobody)
    assert list(await ground.runtime.instances(nobody)) == []
    assert await listed(ground) == [(1, 1, "ready")]


async def test_what_instances_write_is_read_and_followed(ground: Ground) -> None:
    await apply(ground, ground.desired(1, instances=2))
    found: list[tuple[int, tuple[int, ...], str]] = []

    async def read(*, lines: int, follow: bool = False) -> None:
        async for each in ground.runtime.written(KEY, lines=lines, follow=follow):
            found.extend((each.index, each.releases, line) for line in each.lines)

    async def all_there() -> bool:
        found.clear()
        await read(lines=10)
        return len(found) == 2

    await until(all_there)
    assert sorted(found) == [(1, (1,), "started v1"), (2, (1,), "started v1")]
    found.clear()
    await read(lines=0)
    assert found == []
    following = asyncio.create_task(read(lines=10, follow=True))
    try:
        # It follows from where it has looked, so what it was to see of the next release comes after that.
        await until(lambda: len(found) == 2)
        found.clear()
        await apply(ground, ground.desired(2, instances=2))
        await until(lambda: [line for _, _, line in found] == ["started v2"] * 2)
        assert all(releases[-1] == 2 for _, releases, _ in found)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_nothing_was_written_of_an_app_that_never_ran(ground: Ground) -> None:
    assert [each async for each in ground.runtime.written(KEY, lines=10, follow=False)] == []
