"""What `docs/transparency.md` shows is so: its piece of code, its sizes, its way to verify a log by hand."""

from hashlib import sha256

from paaskit.ed25519 import Ed25519
from tests.architecture.sources import ROOT
from tests.fixtures.written_log import WrittenLog, an_entry
from transparency.notes import checkpoints
from transparency.tiles.bundles import LARGEST_BUNDLE

_PAGE = (ROOT / "docs" / "transparency.md").read_text(encoding="utf-8")


def test_the_piece_of_code_verifies_a_log() -> None:
    log = WrittenLog()
    log.grow([an_entry(at) for at in range(300)])
    names = {
        "fetch": log.fetch,
        "text": log.key.text,
        "an_ed25519": Ed25519(),
        "the_last_checkpoint": log.checkpoint(7),
    }
    exec(_PAGE.split("```python\n")[1].split("```")[0], names)  # noqa: S102 - what the page shows
    assert names["log"].checkpoint == log.checkpoint()  # type: ignore[attr-defined]


def test_what_is_fetched_is_as_large_as_it_says() -> None:
    assert "at most 17 MB" in _PAGE
    assert LARGEST_BUNDLE <= 17_000_000


def test_its_checkpoint_is_one() -> None:
    text = _PAGE.split("## A checkpoint\n\n```\n")[1].split("\n\n")[0]
    assert checkpoints.parsed(text + "\n").size == 1234


def test_the_steps_lead_to_the_root() -> None:
    """Three entries, by the page's words alone."""
    log = WrittenLog()
    log.grow([b"a", b"b", b"c"])
    leaves = [sha256(b"\0" + entry).digest() for entry in (b"a", b"b", b"c")]
    assert log.files["tile/0/000.p/3"] == b"".join(leaves)
    assert log.files["tile/entries/000.p/3"] == b"\0\1a\0\1b\0\1c"
    root = sha256(b"\1" + sha256(b"\1" + leaves[0] + leaves[1]).digest() + leaves[2]).digest()
    assert log.checkpoint().root == root
