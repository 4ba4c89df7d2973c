"""Dropping what is over: by whole months, told before, with every hash kept, and gone on from wherever it stopped.

On a real PostgreSQL, with logs that are really published. Leaves out how months are made (test_months.py), and what
readers are told (tests/unit/cli/audit_log/test_dropped.py).
"""

import asyncio
import hashlib
import shutil
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from paaskit.settings import SettingsError
from services.audit.publishing.writer import Inconsistent
from services.audit.retention.job import NotYet, Retention
from services.audit.retention.owner_store import OfLog, OtherEvents, Owner
from services.audit.retention.rule import parsed_rule
from services.audit.selection import Selection
from tests.fakes.audit_log import oldest, report_of
from tests.integration.audit.retention.conftest import RULE, House
from transparency.merkle.hashing import leaf_hash
from transparency.merkle.proofs import inclusion_proof, verify_inclusion
from transparency.tiles.bundles import decoded
from transparency.tiles.reader import TileReader


async def test_whole_months_go_and_every_hash_stays(house: House) -> None:
    """Four months of events; what is left is the newest of them, and the events that tell of the others."""
    for month in range(4):
        await house.retention().make_months()
        await house.months(1, [300, 100, 200, 50][month])
    before, at_650 = await house.checkpoint(), house.counts()
    old_entries = decoded((await house.log()).read("tile/entries/000"))
    reader = TileReader((await house.log()).read, size=before.size, root=before.root)
    proof = inclusion_proof(7, before.size, reader.hashes)

    await house.retention().drop(RULE)
    assert await house.verify() == 600
    checkpoint = await house.checkpoint()
    assert checkpoint.size == 653
    assert await house.bundles() == {"002"}
    events = await oldest(house.store, "acme", Selection(), after=0, limit=1000)
    assert [event.sequence for event in events] == list(range(601, 654))
    told = events[-1].report
    assert (told.action, told.actor, told.version, told.targets) == ("audit.retain", "service:audit", 600, ("30d",))
    now = house.counts()
    assert (now["event_ids"], now["log_periods"]) == (53, 2)
    gone = {name for name in at_650 if name not in now and "2030" in name}
    assert gone == {f"{whole}_2030_0{month}" for whole in ("events", "event_names") for month in (1, 2, 3)}
    assert verify_inclusion(index=7, size=before.size, leaf=leaf_hash(old_entries[7]), proof=proof, root=before.root)


async def test_nothing_is_over_before_its_month_is(house: House) -> None:
    await house.months(1, 10)
    house.now = datetime.fromisoformat("2030-03-02T23:59:59Z")
    await house.retention().drop(RULE)
    assert await house.verify() == 0
    house.now += timedelta(seconds=1)
    await house.retention().drop(RULE)
    assert await house.verify() == 10


async def test_all_logs_lose_what_they_have_of_a_month(house: House) -> None:
    for tenant, count in (("acme", 40), ("rival", 300), ("third", 1)):
        await house.append(count, tenant=tenant)
    await house.months(2, 5)
    await house.retention().drop(RULE)
    assert [await house.verify(tenant) for tenant in ("acme", "rival", "third")] == [45, 300, 1]
    await house.append(3, tenant="third")
    await house.publish()
    assert (await house.checkpoint("third")).size == 5


async def test_it_goes_on_month_after_month(house: House) -> None:
    """Each time the bundle that has both kinds of entries is another one; once none has."""
    await house.retention().make_months()
    for count in (100, 155, 256, 300):
        await house.months(1, count)
        await house.retention().make_months()
        await house.retention().drop(RULE)
        await house.publish()
        await house.verify()
    house.now += timedelta(days=62)
    await house.retention().drop(RULE)
    dropped = await house.verify()
    assert dropped >= 811
    shutil.rmtree(house.folder)
    await house.append(1)
    await house.publish()
    assert await house.verify() == dropped


@pytest.mark.parametrize(
    "lost", ["", *(pytest.param(lost, marks=pytest.mark.thorough) for lost in ("tile/0", "tile/entries", "checkpoint"))]
)
async def test_files_that_are_lost_afterwards_are_written_again(house: House, lost: str) -> None:
    await house.months(3, 300, 100, 50)
    await house.retention().drop(RULE)
    assert await house.bundles() == {"001"}
    path = house.folder / await house.heads.named("acme") / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    await house.append(1)
    await house.publish()
    assert await house.verify() == 400
    assert await house.bundles() == {"001"}


async def test_files_are_not_written_again_from_other_hashes(house: House) -> None:
    await house.months(3, 300, 100, 50)
    await house.retention().drop(RULE)
    shutil.rmtree(house.folder)
    house.database.look("UPDATE dropped_hashes SET hashes = sha256('x') || substr(hashes, 33) WHERE first_index = 0")
    with pytest.raises(Inconsistent, match="not those of which a checkpoint was signed"):
        await house.publish()


class _Dies(Exception):
    """A process that ends there."""


class _DyingOwner(Owner):
    """Ends in the middle of its transaction, at the second log."""

    kept = 0

    async def _keep(self, log: OfLog) -> None:
        self.kept += 1
        if self.kept == 2:
            raise _Dies
        await super()._keep(log)


async def _january(house: House) -> tuple[datetime, datetime]:
    """The month that is over and has events."""
    *_, newest = await house.owner.periods(before=RULE.over_before(house.now))
    return newest


async def _die_after(house: House, step: str) -> None:
    """Run as far as a step."""
    retention = house.retention()
    since, until = await _january(house)
    over = await retention.over(since)
    if step == "the first was told":
        await retention.tell(over[0], until, RULE)
        return
    told = [await retention.tell(each, until, RULE) for each in over]
    if step == "all were told":
        return
    logs = [await retention.looked_at(each, one) for each, one in zip(over, told, strict=True)]
    if step == "half was noted":
        with pytest.raises(_Dies):
            await _DyingOwner(house.owner._connection).drop(since, logs)
        return
    await house.owner.drop(since, logs)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("the first was told", marks=pytest.mark.thorough),
        pytest.param("all were told", marks=pytest.mark.thorough),
        "half was noted",
        "the month was dropped",
    ],
)
async def test_whoever_dies_leaves_what_the_next_one_ends(house: House, step: str) -> None:
    for tenant in ("acme", "rival"):
        await house.append(300, tenant=tenant)
    await house.months(2, 20)
    complete = house.counts()
    await _die_after(house, step)
    await house.publish()
    is_dropped = step == "the month was dropped"
    assert [await house.verify(tenant) for tenant in ("acme", "rival")] == ([320, 300] if is_dropped else [0, 0])
    if not is_dropped:
        kept = ("events_2030_01", "event_names_2030_01", "dropped", "dropped_hashes", "edge_entries")
        assert {name: house.counts()[name] for name in kept} == {name: complete[name] for name in kept}
    await house.retention().drop(RULE)
    await house.publish()
    assert [await house.verify(tenant) for tenant in ("acme", "rival")] == [320, 300]
    assert [await house.bundles(tenant) for tenant in ("acme", "rival")] == [{"001"}, {"001"}]
    told = house.database.look(
        "SELECT tenant, version, count(*) FROM events WHERE action = 'audit.retain' GROUP BY 1, 2"
    )
    assert sorted(told) == [("acme", 320, 1), ("rival", 300, 1)]
    for tenant, first in (("acme", 321), ("rival", 301)):
        events = await oldest(house.store, tenant, Selection(), after=0, limit=1000)
        assert events[0].sequence == first


async def test_nothing_is_dropped_that_was_not_published(house: House) -> None:
    await house.months(2, 5)
    unpublished = house.retention(folder=house.folder.with_name("elsewhere"))
    with pytest.raises(NotYet, match="does audit run"):
        await unpublished.drop(RULE)
    assert await house.verify() == 0
    assert len(await oldest(house.store, "acme", Selection(), after=0, limit=100)) == 11


async def test_nothing_is_dropped_before_the_log_says_so_to_its_readers(house: House) -> None:
    """All that is to go was published; what says that it goes was not yet."""
    await house.months(2, 5)
    silent = Retention(
        house.owner, house.owners_store, folder=house.folder, clock=lambda: house.now, sleep=lambda _: asyncio.sleep(0)
    )
    with pytest.raises(NotYet, match="does audit run"):
        await silent.drop(RULE)
    assert house.counts()["dropped"] == 0


async def test_nothing_is_dropped_under_a_checkpoint_that_audit_has_not_signed(house: House) -> None:
    await house.months(2, 5)
    house.database.look("INSERT INTO checkpoints SELECT log_id, 11, sha256('x'), now() FROM logs")
    folder = await house.log()
    signed = folder.read("checkpoint").decode().split("\n")
    folder.publish("\n".join([signed[0], "11", *signed[2:]]).encode())
    with pytest.raises(NotYet, match="is not one that audit has signed"):
        await house.retention().drop(RULE)
    assert house.counts()["dropped"] == 0


async def test_nothing_is_dropped_of_files_that_are_not_what_was_signed(house: House) -> None:
    await house.months(2, 300, 5)
    path = house.folder / await house.heads.named("acme") / "tile" / "0" / "000"
    path.write_bytes(bytes(8192))
    with pytest.raises(NotYet, match="are not what was signed"):
        await house.retention().drop(RULE)
    assert house.counts()["dropped"] == 0


async def test_a_month_with_other_events_than_were_looked_at_stays(house: House) -> None:
    await house.append(5)
    await house.append(5, tenant="rival")
    await house.months(2, 1)
    retention = house.retention()
    since, until = await _january(house)
    (over, _) = await retention.over(since)
    log = await retention.looked_at(over, await retention.tell(over, until, RULE))
    before = house.counts()
    with pytest.raises(OtherEvents):
        await house.owner.drop(since, [log])
    assert house.counts() == before


async def test_a_month_whose_events_are_counted_to_other_logs_stays(house: House) -> None:
    """As many in all as were looked at, and of one log more than it was told."""
    await house.append(5)
    await house.append(5, tenant="rival")
    await house.months(2, 1)
    retention = house.retention()
    since, until = await _january(house)
    both = [
        await retention.looked_at(over, await retention.tell(over, until, RULE)) for over in await retention.over(since)
    ]
    shifted = [
        replace(log, told=replace(log.told, up_to=log.told.up_to + by)) for log, by in zip(both, (1, -1), strict=True)
    ]
    before = house.counts()
    with pytest.raises(OtherEvents):
        await house.owner.drop(since, shifted)
    assert house.counts() == before


@pytest.mark.parametrize(
    ("service", "action", "version"),
    [("config", "audit.retain", 6), ("audit", "config.set", 6), ("audit", "audit.retain", 5)],
)
async def test_nothing_is_dropped_where_another_event_has_the_id_of_what_tells(
    house: House, service: str, action: str, version: int
) -> None:
    """An event of a service's own choice, appended before: an id is kept once."""
    await house.append(5)
    await house.months(2, 1)
    log_id = await house.heads.named("acme")
    event_id = hashlib.sha256(f"audit.retain {log_id} 6".encode()).hexdigest()[:32]
    report = report_of(event_id=event_id, action=action, version=version, targets=("30d",))
    await house.store.append([report], service=service, now=house.now)
    with pytest.raises(NotYet, match="another event"):
        await house.retention().drop(RULE)
    assert house.counts()["dropped"] == 0


@pytest.mark.parametrize("text", ["400", "29d", "0d", "-5d", "1y", "99999d", "d", " 400d", "400d\n"])
def test_a_rule_that_is_none_is_named(text: str) -> None:
    with pytest.raises(SettingsError, match="PAAS_AUDIT_RETENTION: say how many days"):
        parsed_rule(text)


def test_without_a_rule_events_are_kept_for_ever() -> None:
    assert parsed_rule("") is None
    rule = parsed_rule("400d")
    assert rule is not None
    assert (rule.days, rule.text) == (400, "400d")
