"""Which way tokens are looked for: strangers together, one statement at a time, those of lately by themselves."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from paaskit.errors import Unavailable
from services.tokens.check import look_ups
from services.tokens.check.look_ups import SEEN_SECONDS, LookUps
from services.tokens.token import Token
from tests.integration.tokens.builders import token_of


class Table:
    """A database of tokens that answers when it is let, and notes what it was asked."""

    def __init__(self) -> None:
        self.tokens: dict[bytes, Token] = {}
        self.singles: list[bytes] = []
        self.together: list[list[bytes]] = []
        self.now = 0.0
        self.open = asyncio.Event()
        self.open.set()
        self.fails = False
        self.look_ups = LookUps(self, clock=lambda: self.now)

    async def find_by_digest(self, digest: bytes) -> Token | None:
        self.singles.append(digest)
        return self.tokens.get(digest)

    async def find_by_digests(self, digests: Sequence[bytes]) -> Mapping[bytes, Token]:
        self.together.append(list(digests))
        await self.open.wait()
        if self.fails:
            raise Unavailable("Away.")
        return {digest: self.tokens[digest] for digest in digests if digest in self.tokens}


@pytest.fixture
async def table() -> Table:
    return Table()


async def _begun() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_900_strangers_are_a_few_statements_one_at_a_time(table: Table) -> None:
    table.open.clear()
    table.tokens[b"colleague"] = token_of()
    asked = [asyncio.create_task(table.look_ups.find(str(number).encode())) for number in range(900)]
    mine = asyncio.create_task(table.look_ups.find(b"colleague"))
    await _begun()
    assert len(table.together) == 1, "the others wait for it"
    table.open.set()
    assert set(await asyncio.gather(*asked)) == {None}
    assert await mine is table.tokens[b"colleague"]
    assert [len(batch) for batch in table.together] == [200, 200, 200, 200, 101]
    assert table.singles == []


async def test_a_token_in_use_does_not_wait_behind_strangers(table: Table) -> None:
    table.tokens[b"hot"] = token_of()
    assert not table.look_ups.has_seen(b"hot")
    assert await table.look_ups.find(b"hot") is table.tokens[b"hot"]
    assert table.look_ups.has_seen(b"hot")
    table.open.clear()
    strangers = [asyncio.create_task(table.look_ups.find(str(number).encode())) for number in range(300)]
    await _begun()
    assert await table.look_ups.find(b"hot") is table.tokens[b"hot"]
    assert table.singles == [b"hot"]
    table.open.set()
    await asyncio.gather(*strangers)


async def test_a_token_is_asked_for_again_each_time(table: Table) -> None:
    """What is remembered is the way, not the answer: that is for the lease."""
    table.tokens[b"hot"] = token_of()
    await table.look_ups.find(b"hot")
    del table.tokens[b"hot"]
    assert await table.look_ups.find(b"hot") is None


async def test_the_way_is_forgotten_after_ten_minutes_without_use(table: Table) -> None:
    table.tokens[b"hot"] = token_of()
    for _ in range(3):
        await table.look_ups.find(b"hot")
        table.now += SEEN_SECONDS - 1
    assert len(table.together) == 1
    table.now += 1
    await table.look_ups.find(b"hot")
    assert len(table.together) == 2


async def test_the_longest_unused_is_forgotten_first_where_there_are_many(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ups, "MOST_SEEN", 3)
    for name in (b"a", b"b", b"c", b"a", b"d"):
        table.tokens[name] = token_of()
        await table.look_ups.find(name)
    assert [table.look_ups.has_seen(name) for name in (b"a", b"b", b"c", b"d")] == [True, False, True, True]
    assert await table.look_ups.find(b"unknown") is None
    assert not table.look_ups.has_seen(b"unknown"), "nobody fills it with what there is not"


async def test_a_database_that_is_away_is_told_to_all(table: Table) -> None:
    table.fails = True
    asked = [asyncio.create_task(table.look_ups.find(str(number).encode())) for number in range(3)]
    assert [type(each) for each in await asyncio.gather(*asked, return_exceptions=True)] == [Unavailable] * 3
    table.fails = False
    assert await table.look_ups.find(b"0") is None
