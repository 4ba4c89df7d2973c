"""Logs as they are: every program accepts them, at every size, while they grow, with receipts and cosignatures."""

from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from paaskit.ed25519 import Ed25519
from tests.fixtures.waiting import soon
from tests.fixtures.written_log import Folder, WrittenLog, a_key, a_signer, an_entry
from tests.foreign_verifiers import verdicts
from tests.foreign_verifiers.programs import Programs
from tests.foreign_verifiers.publisher import Publish
from tests.foreign_verifiers.serving import served
from tests.foreign_verifiers.verdicts import Log
from transparency import receipts
from transparency.failures import NotServed
from transparency.merkle.proofs import inclusion_proof
from transparency.notes import signed
from transparency.notes.checkpoints import opened
from transparency.notes.keys import Kind
from transparency.policy import Policy
from transparency.receipts import Receipt
from transparency.tiles.bundles import LONGEST_ENTRY
from transparency.tiles.paths import CHECKPOINT
from transparency.verification import verify_log

SIZES = [1, 2, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 70_000]
WITNESS = a_key("witness.example/w1", Kind.COSIGNATURE)


def cosigned(note: signed.SignedNote) -> signed.SignedNote:
    """A note with a witness's cosignature."""
    cosignature = signed.cosigned(note.text, WITNESS, a_signer(WITNESS.name), time=1_800_000_000)
    return note.with_signatures([cosignature])


def test_a_log_of_every_size_is_accepted_and_goes_on(programs: Programs, tmp_path: Path) -> None:
    """Each size goes on from the one before; the partial tiles of all are served, as they would be."""
    files = Folder(tmp_path / "log")
    log = WrittenLog(files)
    key_file = tmp_path / "key"
    key_file.write_text(log.key.text)
    earlier: Path | None = None
    with served(lambda path: files.get(path[1:])) as url:
        for size in SIZES:
            note = cosigned(log.grow([an_entry(at) for at in range(log.size, size)]))
            files[CHECKPOINT] = note.encoded()
            where = Log(f"{url}/", earlier)
            assert verify_log(log.fetch, key=log.key, ed25519=Ed25519()).checkpoint.size == size
            for verdict in (
                *verdicts.of_go(programs, log.key, [where], witness=WITNESS),
                *verdicts.of_aics(programs, log.key, [where], witness=WITNESS),
            ):
                assert (verdict.accepted, verdict.text) == (True, f"ok {size}")
            assert verdicts.of_fsck(programs, key_file, where).accepted
            earlier = tmp_path / f"checkpoint-{size}"
            earlier.write_bytes(note.encoded())


def test_an_empty_log_is_accepted(programs: Programs) -> None:
    log = WrittenLog()
    log.grow([])
    with served(lambda path: log.files.get(path[1:])) as url:
        assert [each.text for each in verdicts.of_go(programs, log.key, [Log(f"{url}/")])] == ["ok 0"]
        assert [each.text for each in verdicts.of_aics(programs, log.key, [Log(f"{url}/")])] == ["ok 0"]


def test_entries_of_every_length_are_accepted(programs: Programs, tmp_path: Path) -> None:
    log = WrittenLog()
    log.grow([b"", b"x", bytes(LONGEST_ENTRY), *(bytes([length % 256]) * length for length in range(300))])
    key_file = tmp_path / "key"
    key_file.write_text(log.key.text)
    with served(lambda path: log.files.get(path[1:])) as url:
        where = Log(f"{url}/")
        assert [each.text for each in verdicts.of_go(programs, log.key, [where])] == ["ok 303"]
        assert [each.text for each in verdicts.of_aics(programs, log.key, [where])] == ["ok 303"]
        assert verdicts.of_fsck(programs, key_file, where).accepted


def test_a_log_is_accepted_at_any_moment_while_it_grows(programs: Programs, publish: Publish, tmp_path: Path) -> None:
    """Others read a folder in which somebody writes all the time, each going on from what it has seen before."""
    files = Folder(tmp_path / "log")
    log = publish(files)
    log.grow([an_entry(0)])
    key_file = tmp_path / "key"
    key_file.write_text(log.key.text)
    enough, failures = Event(), list[BaseException]()

    def fetch(path: str) -> bytes:
        content = files.get(path)
        if content is None:
            raise NotServed(path)
        return content

    def write() -> None:
        try:
            for first in count(1, 37):
                log.grow([an_entry(at) for at in range(first, first + 37)])
                if enough.wait(0.005):
                    return
        except BaseException as error:  # told by the test's own thread
            failures.append(error)

    writer = Thread(target=write)
    writer.start()
    try:
        sizes = []
        with served(lambda path: files.get(path[1:])) as url:
            for round_number in range(4):
                earlier = tmp_path / f"checkpoint-{round_number}"
                earlier.write_bytes(files[CHECKPOINT])
                before = opened(earlier.read_bytes(), log.key, Ed25519()).checkpoint
                found = verify_log(fetch, key=log.key, ed25519=Ed25519(), remembered=before)
                where = Log(f"{url}/", earlier)
                assert found.checkpoint.size >= before.size
                for verdict in (
                    *verdicts.of_go(programs, log.key, [where, where]),
                    *verdicts.of_aics(programs, log.key, [where]),
                    verdicts.of_fsck(programs, key_file, where),
                ):
                    assert verdict.accepted, verdict.text
                sizes.append(before.size)
                soon(lambda: files[CHECKPOINT] != earlier.read_bytes())  # noqa: B023 - called at once
    finally:
        enough.set()
        writer.join()
    assert failures == []
    assert sizes == sorted(set(sizes)), "it grew all the time"


@pytest.mark.parametrize("index", [0, 255, 256, 699])
def test_a_receipt_is_accepted_and_a_changed_one_refused(programs: Programs, tmp_path: Path, index: int) -> None:
    log = WrittenLog()
    log.grow([an_entry(at) for at in range(700)])
    proof = inclusion_proof(index, 700, log.trusted_reader().hashes)
    receipt = Receipt(index, tuple(proof), log.files[CHECKPOINT], extra=b"for people")
    file, entry, other = tmp_path / f"one{receipts.SUFFIX}", tmp_path / "entry", tmp_path / "other"
    file.write_bytes(receipt.encoded())
    entry.write_bytes(an_entry(index))
    other.write_bytes(an_entry(index + 1))
    receipts.verified(receipts.parsed(file.read_bytes()), entry.read_bytes(), Policy((log.key,)), Ed25519())
    assert verdicts.of_receipt(programs, log.key, file, entry).text == "ok 700"
    assert not verdicts.of_receipt(programs, log.key, file, other).accepted
    file.write_bytes(receipt.encoded().replace(f"index {index}\n".encode(), f"index {index ^ 1}\n".encode()))
    assert not verdicts.of_receipt(programs, log.key, file, entry).accepted


def test_a_witness_that_cosigned_nothing_is_missed(programs: Programs) -> None:
    """The control of the cosignatures above: without one, and with a wrong one."""
    log = WrittenLog()
    note = log.grow([an_entry(0)])
    wrong = signed.Signature(WITNESS.name, WITNESS.key_id, bytes(72))
    for content in (note, note.with_signatures([wrong])):
        log.files[CHECKPOINT] = content.encoded()
        with served(lambda path: log.files.get(path[1:])) as url:
            for found in (
                verdicts.of_go(programs, log.key, [Log(f"{url}/")], witness=WITNESS),
                verdicts.of_aics(programs, log.key, [Log(f"{url}/")], witness=WITNESS),
            ):
                assert [each.accepted for each in found] == [False]
