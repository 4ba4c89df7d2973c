"""A tenant's log as files: what is written when, by whom, and when nothing is signed any more.

Leaves out what a growth computes (tests/unit/audit/test_growth.py), and programs of others (tests/foreign_verifiers).
"""

import asyncio
import json
import shutil
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from paaskit.ed25519 import Ed25519
from services.audit.leaves import leaf_hash
from services.audit.publishing.heads import Heads
from services.audit.publishing.signing import LogKeys
from services.audit.publishing.writer import Inconsistent
from services.audit.selection import Selection
from tests.integration.audit.publishing.conftest import ORIGIN, Publication
from transparency.failures import NotServed, NotVerified
from transparency.merkle.proofs import consistency_proof, verify_consistency
from transparency.notes.checkpoints import opened
from transparency.tiles.reader import TileReader


async def test_a_log_has_every_event_in_order(publication: Publication) -> None:
    await publication.append(300)
    await publication.publish()
    await publication.append(1)
    await publication.publish()
    entries = [json.loads(entry) for entry in await publication.entries()]
    assert [entry["sequence"] for entry in entries] == [str(number) for number in range(1, 302)]
    stored = publication.databases.look("audit", "SELECT event_id FROM events ORDER BY sequence")
    assert [(entry["event_id"],) for entry in entries] == stored


async def test_each_checkpoint_goes_on_from_the_one_before(publication: Publication) -> None:
    seen = []
    for count in (1, 254, 1, 1, 700):
        await publication.append(count)
        await publication.publish()
        seen.append(await publication.checkpoint())
    assert [each.size for each in seen] == [1, 255, 256, 257, 957]
    last, folder = seen[-1], publication.writer.folder_of(await publication.log_id())
    reader = TileReader(folder.read, size=last.size, root=last.root)
    for each in seen:
        proof = consistency_proof(each.size, last.size, reader.hashes)
        assert verify_consistency(old_size=each.size, old_root=each.root, size=last.size, root=last.root, proof=proof)
    signed = publication.databases.look("audit", "SELECT size, root FROM checkpoints ORDER BY size")
    assert signed == [(each.size, each.root) for each in seen]


async def test_a_log_tells_nothing_of_whose_it_is(publication: Publication) -> None:
    await publication.append(1)
    await publication.publish()
    log_id = await publication.log_id()
    assert (await publication.checkpoint()).origin == f"{ORIGIN}/{log_id}"
    assert len(log_id) == 32
    assert "acme" not in log_id


async def test_with_nothing_new_nothing_is_signed(publication: Publication) -> None:
    await publication.append(3)
    await publication.publish()
    before = await publication.read("checkpoint")
    await publication.publish()
    assert await publication.read("checkpoint") == before
    assert publication.databases.look("audit", "SELECT count(*) FROM checkpoints") == [(1,)]


async def test_many_events_are_published_in_turns(publication: Publication) -> None:
    await publication.append(2100)
    assert not await publication.writer.publish("acme")
    assert (await publication.checkpoint()).size == 2048
    assert await publication.writer.publish("acme")
    assert len(await publication.entries()) == 2100


async def test_narrower_tiles_go_when_the_full_one_is_there(publication: Publication) -> None:
    await publication.append(200)
    await publication.publish()
    assert await publication.read("tile/0/000.p/200")
    await publication.append(56)
    await publication.publish()
    for path in ("tile/0/000.p/200", "tile/entries/000.p/200"):
        with pytest.raises(NotServed):
            await publication.read(path)
    assert len(await publication.entries()) == 256


async def test_two_replicas_sign_one_log(publication: Publication) -> None:
    async with publication.databases.open_again("audit") as database:
        other = publication.another_writer(publication.keys, heads=Heads(database))

        async def publish_again_and_again(writer: object) -> None:
            for _ in range(20):
                await publication.append(3)
                await writer.publish("acme")  # type: ignore[attr-defined]
                await asyncio.sleep(0)

        await asyncio.gather(publish_again_and_again(publication.writer), publish_again_and_again(other))
    await publication.publish()
    assert len(await publication.entries()) == 120


async def test_a_checkpoint_whose_publisher_died_is_published_by_the_next(publication: Publication) -> None:
    await publication.append(5)
    await publication.publish()
    old = await publication.read("checkpoint")
    await publication.append(5)
    await publication.publish()
    publication.writer.folder_of(await publication.log_id()).publish(old)
    await publication.publish()
    assert (await publication.checkpoint()).size == 10


@pytest.mark.parametrize("lost", ["", "tile/0", "tile/entries", "checkpoint"])
async def test_files_that_were_lost_are_written_again(publication: Publication, lost: str) -> None:
    await publication.append(300)
    await publication.publish()
    before = await publication.checkpoint()
    path = publication.folder / await publication.log_id() / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    await publication.append(1)
    await publication.publish()
    assert len(await publication.entries()) == 301
    assert publication.databases.look("audit", "SELECT size FROM checkpoints ORDER BY size") == [(300,), (301,)]
    assert before.size == 300


async def test_a_file_that_was_changed_is_written_again(publication: Publication) -> None:
    await publication.append(10)
    await publication.publish()
    path = publication.folder / await publication.log_id() / "tile" / "0" / "000.p" / "10"
    path.write_bytes(bytes(320))
    await publication.append(1)
    await publication.publish()
    assert len(await publication.entries()) == 11


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE events SET actor = 'user:mallory@example.com' WHERE sequence = 12", "event 12 is not the one"),
        ("UPDATE events SET leaf_hash = sha256('x') WHERE sequence = 12", "event 12 is not the one"),
        ("DELETE FROM events WHERE sequence = 12", "event 12 is missing"),
        ("DELETE FROM events WHERE sequence = 11", "event 11 is missing"),
    ],
)
async def test_nothing_is_signed_over_an_event_that_was_changed(
    publication: Publication, change: str, reason: str
) -> None:
    await publication.append(10)
    await publication.publish()
    await publication.append(3)
    publication.databases.look("audit", change)
    with pytest.raises(Inconsistent, match=reason):
        await publication.publish()
    assert (await publication.checkpoint()).size == 10


async def test_nothing_is_signed_beside_what_was(publication: Publication) -> None:
    """As after the database was restored from a backup: readers have seen a log with other events at its end."""
    await publication.append(10)
    await publication.publish()
    publication.databases.look(
        "audit", "DELETE FROM event_names; DELETE FROM events WHERE sequence > 5; DELETE FROM checkpoints"
    )
    await publication.append(8)
    with pytest.raises(Inconsistent, match="restored from a backup"):
        await publication.publish()
    assert (await publication.checkpoint()).size == 10


async def test_events_that_were_changed_and_files_that_were_lost_are_no_log(publication: Publication) -> None:
    await publication.append(10)
    await publication.publish()
    shutil.rmtree(publication.folder / await publication.log_id())
    publication.databases.look("audit", "DELETE FROM events WHERE sequence <= 2")
    with pytest.raises(Inconsistent, match="event 1 is missing"):
        await publication.publish()


async def test_files_are_not_written_again_from_other_events(publication: Publication) -> None:
    """Whoever can change rows can change the hashes they were kept with as well."""
    await publication.append(10)
    await publication.publish()
    shutil.rmtree(publication.folder / await publication.log_id())
    found = await publication.store.read("acme", Selection(), after=3, before=None, oldest_first=True, limit=1)
    row = found.events[0]
    changed = replace(row, report=replace(row.report, actor="user:mallory@example.com"))
    publication.databases.look(
        "audit",
        "UPDATE events SET actor = %s, leaf_hash = %s WHERE sequence = 4",
        (changed.report.actor, leaf_hash(changed)),
    )
    with pytest.raises(Inconsistent, match="not those of which a checkpoint was signed"):
        await publication.publish()


async def test_a_checkpoint_by_somebody_else_is_not_gone_on_from(publication: Publication) -> None:
    await publication.append(10)
    await publication.publish()
    stranger = publication.another_writer(LogKeys([Ed25519PrivateKey.generate()]))
    await publication.append(1)
    with pytest.raises(Inconsistent, match="no signature of a key that is known"):
        await stranger.publish("acme")


async def test_a_new_key_signs_beside_the_one_before(publication: Publication) -> None:
    await publication.append(1)
    await publication.publish()
    old, new = publication.keys.keys[0], Ed25519PrivateKey.generate()
    both = replace(publication.keys, keys=[new, old])
    await publication.append(1)
    await publication.another_writer(both).publish("acme")
    note = await publication.read("checkpoint")
    for verifier in both.verifiers(f"{ORIGIN}/{await publication.log_id()}"):
        assert opened(note, verifier, Ed25519()).checkpoint.size == 2
    await publication.append(1)
    await publication.another_writer(LogKeys([new])).publish("acme")
    with pytest.raises(NotVerified):
        await publication.checkpoint()
