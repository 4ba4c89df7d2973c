"""A whole log, and what is remembered of it: verified as it is, and refused with the first entry that does not fit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import ORIGIN, WrittenLog, a_key, a_signer, an_entry
from transparency.failures import DoesNotExtend, Misfit, NotVerified
from transparency.merkle.proofs import consistency_proof
from transparency.notes import signed
from transparency.notes.checkpoints import Checkpoint
from transparency.remembered import advance
from transparency.tiles.bundles import decoded, encoded
from transparency.verification import verify_log


def a_log(size: int = 700, *, forked_at: int | None = None) -> WrittenLog:
    log = WrittenLog()
    log.grow([b"another" if at == forked_at else an_entry(at) for at in range(size)])
    return log


def verified(log: WrittenLog, **more: object) -> Checkpoint:
    return verify_log(log.fetch, key=a_key(), ed25519=Ed25519(), **more).checkpoint  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 700])
def test_a_log_is_verified_and_progress_told(size: int) -> None:
    log, done = a_log(size), list[int]()
    assert verified(log, progress=done.append) == log.checkpoint()
    assert done == [*range(256, size, 256), size] if size else done == []


def test_pieces_may_be_verified_at_once() -> None:
    log, done = a_log(5000), list[int]()
    with ThreadPoolExecutor(4) as pool:
        assert verified(log, spread=pool.map, progress=done.append).size == 5000
        log.files["tile/entries/007"] = log.files["tile/entries/008"]
        log.files["tile/entries/003"] = log.files["tile/entries/008"]
        with pytest.raises(Misfit) as found:
            verified(log, spread=pool.map)
    assert done[-1] == 5000
    assert found.value.index == 3 * 256


def _edited(entries: list[bytes]) -> list[bytes]:
    return [*entries[:5], entries[5].replace(b"web", b"api"), *entries[6:]]


@pytest.mark.parametrize(
    ("change", "index"),
    [
        (_edited, 261),
        (lambda entries: [*entries[:9], *entries[10:]], 511),
        (lambda entries: [*entries[:9], b"one more", *entries[9:]], 512),
        (lambda entries: [*entries[:9], entries[10], entries[9], *entries[11:]], 265),
        (lambda entries: [], 256),
    ],
)
def test_entries_that_were_changed_are_named(change: Callable[[list[bytes]], list[bytes]], index: int) -> None:
    log = a_log()
    log.files["tile/entries/001"] = encoded(change(decoded(log.files["tile/entries/001"])))
    with pytest.raises(Misfit) as found:
        verified(log)
    assert (found.value.index, found.value.path) == (index, "tile/entries/001")


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/002.p/188"]
)
@pytest.mark.parametrize("at", [0, 3, 40, -1])
def test_no_file_may_be_changed_cut_or_gone(path: str, at: int) -> None:
    log = a_log()
    content = log.files[path]
    changed = bytearray(content)
    changed[at] ^= 4
    for other in (bytes(changed), content[:at], content[at or 1 :] if at >= 0 else content[1:], content + b"\0", b""):
        log.files[path] = other
        with pytest.raises(Misfit) as found:
            verified(log)
        assert path in found.value.path
    del log.files[path]
    with pytest.raises(Misfit, match="is not there"):
        verified(log)


def test_a_log_without_a_checkpoint_is_none() -> None:
    with pytest.raises(Misfit, match="no checkpoint"):
        verified(WrittenLog())


def test_a_checkpoint_of_another_key_is_refused() -> None:
    log = a_log()
    text = log.checkpoint().text
    log.files["checkpoint"] = signed.signed(text, a_key("x"), a_signer("x")).encoded()
    with pytest.raises(NotVerified, match="no signature of a key that is known"):
        verified(log)


@pytest.mark.parametrize("old_size", [0, 1, 256, 300, 699, 700])
def test_a_log_that_goes_on_is_accepted(old_size: int) -> None:
    log = a_log()
    assert verified(log, remembered=log.checkpoint(old_size)) == log.checkpoint()


@pytest.mark.parametrize(
    ("remembered", "reason"),
    [
        (a_log(701).checkpoint(), "was rolled back"),
        (a_log(700, forked_at=3).checkpoint(), "another root at its 700 entries"),
        (a_log(600, forked_at=3).checkpoint(), "does not go on from the 600"),
        (Checkpoint("another", 1, a_log(1).root()), "of another log"),
    ],
)
def test_a_log_that_does_not_go_on_is_refused_with_the_reason(remembered: Checkpoint, reason: str) -> None:
    with pytest.raises(DoesNotExtend, match=reason):
        verified(a_log(), remembered=remembered)


def test_what_was_remembered_is_advanced() -> None:
    log = a_log()
    proof = consistency_proof(300, 700, log.trusted_reader().hashes)
    old, new = log.checkpoint(300), log.checkpoint()
    assert advance(None, old, []) == old
    assert advance(old, new, proof) == new
    assert advance(new, new, []) == new
    for wrong in ([], proof[:-1], [*proof, proof[0]]):
        with pytest.raises(DoesNotExtend, match="does not go on"):
            advance(old, new, wrong)
    with pytest.raises(DoesNotExtend):
        advance(new, new, proof)


def test_entries_that_are_not_kept_any_more_are_not_asked_for_but_their_hashes_are() -> None:
    log = a_log()
    del log.files["tile/entries/000"]
    assert verified(log, first_entry=256).size == 700
    with pytest.raises(Misfit, match="tile/entries/000 is not there"):
        verified(log, first_entry=255)
    log.files["tile/0/000"] = log.files["tile/0/001"]
    with pytest.raises(Misfit, match="tile/0/000 is not what"):
        verified(log, first_entry=256)


def test_a_forged_history_does_not_fit_what_was_signed() -> None:
    """Every file is that of another history but for the checkpoint, which only the key's owner can make."""
    log, forged = a_log(), a_log(forked_at=3)
    forged.files["checkpoint"] = log.files["checkpoint"]
    with pytest.raises(Misfit, match="does not make up the checkpoint's root"):
        verified(forged)
    assert forged.key.name == ORIGIN
