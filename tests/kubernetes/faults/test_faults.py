"""Releases through an API server that answers with faults: three hundred of them, and what only timing brings about.

What must hold after each: the release came about, once; its Secret has its values; nothing of a fault's text was kept.
Apps have no instances where rollouts are not what is tested, so that hundreds take a minute.
"""

import asyncio
from dataclasses import replace
from itertools import cycle, islice, product
from typing import Final

import pytest
from aiohttp import web

from paaskit.redact import Plaintext
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease, Progress, RuntimeAway
from services.releaser.store.leases import LeaseLost
from tests.fixtures.waiting import PATIENCE
from tests.kubernetes.faults.conftest import Stand
from tests.kubernetes.faults.proxy import Fault

FAULTS: Final = {
    "too many requests": Fault(status=429, reason="TooManyRequests", retry_after="1"),
    "a fault": Fault(status=500, reason="InternalError"),
    "not available": Fault(status=503, reason="ServiceUnavailable"),
    "no answer": Fault(),
    "written, and no answer": Fault(written=True),
    "written, and said to be a fault": Fault(written=True, status=500, reason="InternalError"),
}
TOGETHER = 300
MOST_STEPS = 4
"""A release of an app that is there makes three calls, and the first ones more."""


async def held() -> None:
    """Nobody else works on the app."""


async def unheard(_: Progress) -> None:
    """Nobody listens."""


async def bring_about(stand: Stand, desired: DesiredRelease) -> int:
    """Apply as the runner does: again where it is not known what became of it; how many tries it took."""
    async with asyncio.timeout(PATIENCE):
        for tries in range(1, 50):
            try:
                await stand.runtime.apply(desired, unheard, held)
            except RuntimeAway:
                await asyncio.sleep(0.02)
            else:
                return tries
    raise AssertionError("never came about")


def faulty_at(stand: Stand, step: int, fault: Fault) -> None:
    """Have the call number `step` from now on, watches apart, go wrong once."""
    calls = iter(range(1_000_000))

    def choose(request: web.Request) -> Fault | None:
        if "watch" in request.query or (request.method == "GET" and request.path.endswith("/deployments")):
            return None
        return fault if next(calls) == step else None

    stand.proxy.choose = choose


def invalid_at_first(stand: Stand, writes: int) -> None:
    """Have the next so many writes of the Deployment refused."""
    left = iter([Fault(status=422, reason="Invalid")] * writes)

    def choose(request: web.Request) -> Fault | None:
        return next(left, None) if request.method == "PATCH" else None

    stand.proxy.choose = choose


async def test_three_hundred_faults(stand: Stand) -> None:
    kinds = islice(cycle(product(FAULTS.values(), range(MOST_STEPS))), TOGETHER)
    generation = 0
    for release, (fault, step) in enumerate(kinds, 1):
        faulty_at(stand, step, fault)
        await bring_about(stand, stand.desired(release, NUMBER=str(release)))
        found = stand.found("deployment", "web")
        assert found["spec"]["template"]["metadata"]["labels"]["paas/release"] == str(release)
        # Once for what the release is; the first also makes the object and says how many instances there are.
        assert found["metadata"]["generation"] - generation <= (3 if release == 1 else 1)
        generation = found["metadata"]["generation"]
        assert stand.value_of(release, "NUMBER") == str(release)
        assert "hunter2" not in str(found)
    assert stand.proxy.faults > TOGETHER * 2 / 3
    placement = await stand.placements.find(stand.key)
    assert placement is not None
    assert placement.good == TOGETHER
    print(f"\n{TOGETHER} releases, {stand.proxy.faults} faults, {len(stand.proxy.seen)} calls")


async def test_calls_of_a_release_without_faults(stand: Stand) -> None:
    for release in range(1, 14):
        await bring_about(stand, stand.desired(release))
    least: list[tuple[str, str]] = []
    # Whoever waits looks again, on a busy machine more often than once.
    for release in range(14, 24):
        stand.proxy.seen.clear()
        await bring_about(stand, stand.desired(release))
        asked = [call for call in stand.proxy.seen if not call[1].endswith("/deployments")]
        least = min(least or asked, asked, key=len)
    assert len(least) <= 5, least
    assert stand.cluster.kubectl("get", "secrets", "-n", stand.namespace, "-o", "name").count("web-env-v") <= 12


@pytest.mark.parametrize("fault", [kind for kind in FAULTS if not FAULTS[kind].written])
async def test_an_api_server_that_is_away_for_longer_is_waited_for(stand: Stand, fault: str) -> None:
    await bring_about(stand, stand.desired(1))
    stand.proxy.choose = lambda _: FAULTS[fault]
    with pytest.raises(RuntimeAway):
        await stand.runtime.apply(stand.desired(2), unheard, held)
    stand.proxy.choose = lambda _: None
    assert await bring_about(stand, stand.desired(2)) == 1


async def test_a_watch_that_breaks_off_or_is_too_old_is_begun_anew(stand: Stand) -> None:
    await bring_about(stand, stand.desired(1))
    gone = Fault(event=b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n')
    broken = iter([gone, Fault(), gone])
    stand.proxy.choose = lambda request: next(broken, None) if "watch" in request.query else None
    for release in (2, 3, 4):
        await bring_about(stand, stand.desired(release))


async def test_who_was_taken_over_changes_nothing(stand: Stand) -> None:
    """A releaser that is paused between its look and its write, while another one releases something newer."""
    await bring_about(stand, stand.desired(1, A="1"))
    paused, goes_on, held_twice = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        if paused.is_set():
            held_twice.set()
            raise LeaseLost
        paused.set()
        await goes_on.wait()

    old = asyncio.create_task(stand.runtime.apply(stand.desired(2, A="2"), unheard, hold))
    await paused.wait()
    await bring_about(stand, stand.desired(3, A="3"))
    goes_on.set()
    with pytest.raises(LeaseLost):
        await old
    assert held_twice.is_set(), "its write was refused, and it looked again whether it still may"
    found = stand.found("deployment", "web")
    assert found["spec"]["template"]["metadata"]["labels"]["paas/release"] == "3"


async def test_a_deployment_that_is_deleted_meanwhile_is_made_again(stand: Stand) -> None:
    await bring_about(stand, stand.desired(1))
    stand.cluster.kubectl("delete", "deployment", "web", "-n", stand.namespace)
    await bring_about(stand, stand.desired(2, A="1"))
    assert stand.value_of(2, "A") == "1"


async def test_what_the_api_server_takes_for_invalid_fails_and_is_gone_back_from(stand: Stand) -> None:
    await bring_about(stand, stand.desired(1, A="1"))
    for release, faults in ((2, 1), (3, 2)):
        # Of the third release both writes: its own, and the one that goes back.
        invalid_at_first(stand, faults)
        with pytest.raises(ApplyFailed) as failed:
            await stand.runtime.apply(stand.desired(release, A="2"), unheard, held)
        assert failed.value.message == "The Deployment web would not be valid: Invalid."
        assert "hunter2" not in failed.value.output
        found = stand.found("deployment", "web")
        assert found["spec"]["template"]["metadata"]["labels"]["paas/release"] == "1"
    stand.proxy.choose = lambda _: None
    await bring_about(stand, stand.desired(4, A="3"))
    assert stand.value_of(4, "A") == "3"


async def test_a_quota_that_is_full_is_said(stand: Stand) -> None:
    await bring_about(stand, stand.desired(1))
    stand.cluster.kubectl("create", "quota", "q", "--hard=secrets=1", "-n", stand.namespace)
    # The quota's own controller counts what is there first.
    stand.cluster.kubectl(
        "wait", "--for=jsonpath={.status.used.secrets}=1", "quota/q", "-n", stand.namespace, "--timeout=60s"
    )
    with pytest.raises(ApplyFailed, match=r"The quota of the namespace tenant-\w+ has no room for it"):
        await stand.runtime.apply(stand.desired(2), unheard, held)


async def test_a_namespace_that_is_not_there_is_said(stand: Stand) -> None:
    stranger = replace(stand.key, tenant="nobody")
    with pytest.raises(ApplyFailed, match="the namespace tenant-nobody: it is missing or not ours"):
        await stand.runtime.apply(replace(stand.desired(1), key=stranger), unheard, held)


async def test_rights_that_are_taken_away_are_said(stand: Stand) -> None:
    """In the middle of it, where a pod has to be looked at, and from the beginning."""
    await bring_about(stand, stand.desired(1))
    changed = asyncio.Event()

    def choose(request: web.Request) -> Fault | None:
        if request.method == "PATCH":
            changed.set()
            return None
        return Fault(status=403, reason="Forbidden") if changed.is_set() else None

    stand.proxy.choose = choose
    for release in (2, 3):
        with pytest.raises(ApplyFailed, match=r"Releaser may not write to the namespace tenant-\w+: it is missing"):
            await stand.runtime.apply(stand.desired(release, instances=1, CRASH="1"), unheard, held)
    stand.proxy.choose = lambda _: None
    await bring_about(stand, stand.desired(4))


async def test_half_a_mebibyte_fits(stand: Stand) -> None:
    large = {f"LARGE_{number}": Plaintext("x" * 65_000) for number in range(8)}
    await bring_about(stand, replace(stand.desired(1), variables=large))
    assert len(stand.value_of(1, "LARGE_7")) == 65_000


async def test_a_paused_deployment_is_said_to_be(stand: Stand) -> None:
    await bring_about(stand, stand.desired(1))
    stand.cluster.kubectl("rollout", "pause", "deployment/web", "-n", stand.namespace)
    with pytest.raises(ApplyFailed, match="is paused"):
        await stand.runtime.apply(stand.desired(2, instances=1), unheard, held)
