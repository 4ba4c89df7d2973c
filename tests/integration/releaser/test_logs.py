"""What instances wrote, as users read it: masked, theirs alone, and not at all where it is not known what to mask.

Leaves out how a runtime knows which release wrote a line (runtimes/test_contract, tests/unit/releaser/test_runs).
"""

import asyncio
from typing import Any

import grpc
import pytest
from paas.releaser.v1 import releaser_pb2

from paaskit.redact import MASK
from services.releaser.domain import Spec
from tests.fakes.desired_state import FakeApp
from tests.fixtures.waiting import PATIENCE, until
from tests.integration.releaser.conftest import Stage
from tests.integration.releaser.test_drafts import refusal

LOOKS_LIKE = "xyzzy-plugh-7"


@pytest.fixture
async def two(quick: Stage) -> FakeApp:
    """The app with v2, where KEY was sealed, and v3, where it was rotated; nothing was written yet."""
    app = quick.variables.app(Spec(command=("nothing",), instances=1))
    await quick.end(await quick.set(app, COLOUR="ultramarine"))
    await quick.end(await quick.seal(app, KEY=LOOKS_LIKE))
    await quick.end(await quick.seal(app, KEY="another-value"))
    quick.runtime.logs[app.key] = []
    return app


def asked(quick: Stage, me: Any = None, **question: Any) -> Any:
    request = releaser_pb2.ReadLogsRequest(app="web", **question)
    return quick.users.ReadLogs(request, metadata=me or quick.me, timeout=PATIENCE)


async def read(quick: Stage, **question: Any) -> list[tuple[int, int, str]]:
    """Instance, release and text of every line."""
    return [(each.instance, each.release, line) async for each in asked(quick, **question) for line in each.lines]


async def test_values_are_masked_of_every_release_that_may_have_written(quick: Stage, two: FakeApp) -> None:
    quick.runtime.write(two.key, 1, f"key {LOOKS_LIKE}, colour ultramarine", "plain", releases=(2, 3))
    quick.runtime.write(two.key, 2, "another-value", releases=(3,))
    assert await read(quick) == [
        (1, 3, f"key {MASK}, colour {MASK}"),
        (1, 3, "plain"),
        (2, 3, MASK),
    ]


async def test_one_instance_and_the_last_lines(quick: Stage, two: FakeApp) -> None:
    quick.runtime.write(two.key, 1, "a", "b", "c", releases=(3,))
    quick.runtime.write(two.key, 2, "d", releases=(3,))
    assert await read(quick, lines=2) == [(1, 3, "b"), (1, 3, "c"), (2, 3, "d")]
    assert await read(quick, instance=2) == [(2, 3, "d")]
    assert await read(quick, lines=0) == []


async def test_a_long_line_is_cut_after_it_was_masked(quick: Stage, two: FakeApp) -> None:
    quick.runtime.write(two.key, 1, "x" * 3995 + LOOKS_LIKE, releases=(2,))
    ((_, _, line),) = await read(quick)
    assert line == "x" * 3995 + MASK[:5]


async def test_what_is_written_later_is_followed_until_the_reader_goes(quick: Stage, two: FakeApp) -> None:
    call = asked(quick, follow=True)
    lines: list[str] = []

    async def follow() -> None:
        async for each in call:
            lines.extend(each.lines)

    following = asyncio.create_task(follow())
    quick.runtime.write(two.key, 1, "first", releases=(3,))
    await until(lambda: lines == ["first"])
    quick.runtime.write(two.key, 1, "another-value again", releases=(3,))
    await until(lambda: lines == ["first", f"{MASK} again"])
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following


@pytest.mark.parametrize("half", ["config", "secrets"])
async def test_where_values_can_not_be_had_no_line_is_given(quick: Stage, two: FakeApp, half: str) -> None:
    quick.runtime.write(two.key, 1, LOOKS_LIKE, releases=(2,))
    quick.variables.away.add(half)
    code, _, sentence = await refusal(read(quick))
    assert (code, "what to mask" in sentence) == ("UNAVAILABLE", True)


async def test_who_may_not_change_releases_reads_none(quick: Stage, two: FakeApp) -> None:
    quick.runtime.write(two.key, 1, "a", releases=(3,))
    viewer = quick.signer.user(permissions=frozenset({"releases.read", "apps.read"}))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        async for _ in asked(quick, me=viewer):
            pass
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("lines", [-1, 1001])
async def test_how_many_lines_is_limited(quick: Stage, two: FakeApp, lines: int) -> None:
    assert two.key
    assert (await refusal(read(quick, lines=lines)))[0] == "INVALID_ARGUMENT"
