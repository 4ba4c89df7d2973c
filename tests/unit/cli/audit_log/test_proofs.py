"""`--proof` writes a file that `audit:verify-proof` verifies offline, and that has nothing secret in it."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.fixtures.written_log import ORIGIN, WrittenLog, a_key, a_signer
from tests.unit.cli.audit_log.conftest import EVENTS, record, state_file
from tests.unit.cli.conftest import Paas
from transparency import receipts
from transparency.merkle.proofs import inclusion_proof
from transparency.notes import signed
from transparency.notes.checkpoints import signed_checkpoint
from transparency.notes.keys import Kind

CANARY = "c4n4ry-of-a-value"
FILE = "reveal.tlog-proof"


@pytest.fixture
def kept(paas: Paas, logged: Platform) -> Platform:
    """A platform one of whose reveals was proven in FILE."""
    logged.apps["web"].secrets = {"S": CANARY, "T": CANARY}
    result = paas("secrets:get", "S", "--proof", FILE)
    assert (result.exit_code, result.out) == (0, f"{CANARY}\n"), result.err
    assert f"Wrote the proof to {FILE}\n" in result.err
    return logged


def test_a_reveal_is_proven_offline(paas: Paas, kept: Platform) -> None:
    record(kept, 5)
    kept.gateway.stop()
    content = Path(FILE).read_bytes()
    assert CANARY.encode() not in content
    assert CANARY.encode() not in receipts.parsed(content).extra
    assert stat.S_IMODE(Path(FILE).stat().st_mode) == 0o600
    shown = paas("audit:verify-proof", FILE)
    assert shown.exit_code == 0
    assert shown.lines[0] == f"✓ This is event 301 of the log {ORIGIN}."
    assert "action: secrets.get" in shown.lines
    assert "targets: S" in shown.lines
    document = json.loads(paas("audit:verify-proof", FILE, "--json").out)
    assert (document["index"], document["event"]["sequence"], document["size"]) == (300, "301", 301)
    assert paas("audit:verify-proof", "-", stdin=content).exit_code == 0


def test_a_token_is_proven_and_its_text_is_not_in_the_proof(paas: Paas, logged: Platform) -> None:
    assert logged.log.size
    result = paas("tokens:create", "--name", "ci", "--proof", "made.tlog-proof")
    assert result.exit_code == 0
    secret = result.lines[1].partition("=")[2]
    assert secret.startswith("paas_pat_")
    assert secret.encode() not in receipts.parsed(Path("made.tlog-proof").read_bytes()).extra
    assert "action: tokens.create" in paas("audit:verify-proof", "made.tlog-proof").lines


def test_an_event_on_its_way_is_waited_for(paas: Paas, logged: Platform) -> None:
    logged.apps["web"].secrets = {"S": CANARY}
    logged.gateway.fail("GetReceipt", Fault(5, "There is no such event, or you may not see it."), times=5)
    assert paas("secrets:get", "S", "--proof", FILE).exit_code == 0


def test_without_a_proof_the_value_is_there_all_the_same(paas: Paas, logged: Platform) -> None:
    logged.apps["web"].secrets = {"S": CANARY}
    logged.gateway.fail("GetReceipt", Fault(5, "There is no such event, or you may not see it."))
    result = paas("secrets:get", "S", "--proof", FILE)
    assert (result.exit_code, result.out) == (1, f"{CANARY}\n")
    assert "The value was revealed, but there is no proof of it: There is no such event" in result.err
    assert not Path(FILE).exists()
    made = paas("tokens:create", "--name", "ci", "--proof", FILE)
    assert made.exit_code == 1
    assert "PAAS_TOKEN=paas_pat_" in made.out
    assert "The token was made, but there is no proof of it" in made.err


def test_a_file_that_can_not_be_written_is_refused_before_anything_is_done(paas: Paas, logged: Platform) -> None:
    logged.apps["web"].secrets = {"S": CANARY}
    Path("there").write_text("mine", encoding="utf-8")
    Path("link").symlink_to("there")
    logged.gateway.seen.clear()
    for name in ("there", "link", "nowhere/p", "-", "/dev/stdout", "."):
        for arguments in (("secrets:get", "S"), ("tokens:create", "--name", "ci")):
            result = paas(*arguments, "--proof", name)
            assert result.exit_code in {1, 2}
            assert result.out == ""
    assert logged.gateway.seen == []
    assert Path("there").read_text(encoding="utf-8") == "mine"
    assert paas("secrets:get", "S", "T", "--proof", FILE).exit_code == 2
    Path("dangling").symlink_to("target")
    assert paas("secrets:get", "S", "--proof", "dangling").exit_code == 0
    assert Path("target").read_bytes().startswith(b"c2sp.org/tlog-proof@v1\n")


def test_a_file_that_comes_meanwhile_is_not_replaced(paas: Paas, logged: Platform) -> None:
    logged.apps["web"].secrets = {"S": CANARY}
    request, before = logged.gateway.routes["/paas.audit.v1.AuditService/GetReceipt"]

    def slow(asked: object) -> object:
        Path(FILE).write_text("somebody else's", encoding="utf-8")
        return before(asked)

    logged.gateway.routes["/paas.audit.v1.AuditService/GetReceipt"] = (request, slow)  # type: ignore[assignment]
    result = paas("secrets:get", "S", "--proof", FILE)
    assert result.exit_code == 1
    assert Path(FILE).read_text(encoding="utf-8") == "somebody else's"
    assert [path.name for path in Path().iterdir()] == [FILE], "nothing is left beside it"


@pytest.mark.parametrize(
    "change",
    [
        (b"index 300\n", b"index 299\n"),
        (b"\n301\n", b"\n302\n"),
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"extra ", b"extra AAAA"),
    ],
    ids=["place", "size", "format", "event"],
)
def test_a_proof_that_was_changed_proves_nothing(paas: Paas, kept: Platform, change: tuple[bytes, bytes]) -> None:
    assert kept.log.size
    content = Path(FILE).read_bytes()
    assert content.count(change[0]) == 1
    Path(FILE).write_bytes(content.replace(*change))
    result = paas("audit:verify-proof", FILE)
    assert (result.exit_code, result.out) == (1, "")
    assert f"{FILE} proves nothing: " in result.err


def test_a_proof_without_its_event_says_so(paas: Paas, kept: Platform) -> None:
    assert kept.log.size
    receipt = receipts.parsed(Path(FILE).read_bytes())
    Path(FILE).write_bytes(receipts.Receipt(receipt.index, receipt.proof, receipt.checkpoint).encoded())
    assert "has no event in it" in paas("audit:verify-proof", FILE).err


def test_an_event_that_says_it_is_elsewhere_proves_nothing(paas: Paas, home: Path) -> None:
    assert home.exists()
    log = WrittenLog()
    entry = b'{"action":"secrets.get","sequence":"2"}'
    note = log.grow([entry])
    Path(FILE).write_bytes(receipts.Receipt(0, (), note.encoded(), entry).encoded())
    assert "another place" in paas("audit:verify-proof", FILE, "--key", a_key().text).err


def test_who_is_trusted(paas: Paas, kept: Platform, home: Path) -> None:
    assert kept.log.size
    state_file(home).unlink()
    unknown = paas("audit:verify-proof", FILE)
    assert unknown.exit_code == 1
    assert "is not known here; name it with --key" in unknown.err
    assert paas("audit:verify-proof", FILE, "--key", a_key().text).exit_code == 0
    assert paas("audit:verify-proof", FILE, "--key", a_key("other.example/log").text).exit_code == 1
    witness = a_key("w1", Kind.COSIGNATURE)
    Path("one.policy").write_text(f"log {a_key().text}\nwitness w1 {witness.text}\nquorum w1\n", encoding="utf-8")
    assert "not cosigned" in paas("audit:verify-proof", FILE, "--policy", "one.policy").err
    receipt = receipts.parsed(Path(FILE).read_bytes())
    note = signed.parsed(receipt.checkpoint)
    cosigned = note.with_signatures([signed.cosigned(note.text, witness, a_signer("w1"), time=1_800_000_000)])
    whole = receipts.Receipt(receipt.index, receipt.proof, cosigned.encoded(), receipt.extra)
    Path(FILE).write_bytes(whole.encoded())
    accepted = paas("audit:verify-proof", FILE, "--policy", "one.policy")
    assert accepted.exit_code == 0
    assert "cosigned: 2027-01-15T08:00:00Z w1" in accepted.lines


def test_a_proof_from_another_history_of_the_same_size_is_refused(paas: Paas, kept: Platform) -> None:
    entry = b'{"action":"secrets.get","event_id":"x","sequence":"1"}'
    other = WrittenLog()
    other.grow([entry, *(f"{number}".encode() for number in range(EVENTS))])
    assert other.size == kept.log.size
    note = signed_checkpoint(size=other.size, root=other.root(), key=other.key, signer=a_signer(ORIGIN))
    proof = inclusion_proof(0, other.size, other.trusted_reader().hashes)
    Path(FILE).write_bytes(receipts.Receipt(0, tuple(proof), note.encoded(), entry).encoded())
    result = paas("audit:verify-proof", FILE)
    assert result.exit_code == 1
    assert "two histories" in result.err


def test_a_receipt_of_another_event_is_not_written(paas: Paas, logged: Platform) -> None:
    logged.apps["web"].secrets = {"S": CANARY}
    request, before = logged.gateway.routes["/paas.audit.v1.AuditService/GetReceipt"]

    def other(asked: object) -> object:
        return before(request(event_id="e1"))

    logged.gateway.routes["/paas.audit.v1.AuditService/GetReceipt"] = (request, other)  # type: ignore[assignment]
    result = paas("secrets:get", "S", "--proof", FILE)
    assert "the receipt is another event's" in result.err
    assert not Path(FILE).exists()


def test_who_may_not_read_the_log_gets_a_proof_of_what_they_did(paas: Paas, logged: Platform) -> None:
    logged.apps["web"].secrets = {"S": CANARY}
    logged.gateway.fail("GetLog", Fault(7, "You may not.", reason="PERMISSION_DENIED"))
    result = paas("secrets:get", "S", "--proof", FILE)
    assert result.exit_code == 0
    assert "the proof's signature was not verified" in result.err
    assert paas("audit:verify-proof", FILE, "--key", a_key().text).exit_code == 0


def test_a_receipt_of_another_log_is_not_written(paas: Paas, logged: Platform) -> None:
    """Nobody sees another history in a receipt than in the log, or it is noticed."""
    logged.apps["web"].secrets = {"S": CANARY}
    paas("audit:checkpoint")
    request, before = logged.gateway.routes["/paas.audit.v1.AuditService/GetReceipt"]

    def forked(asked: object) -> object:
        answer: Any = before(asked)
        other = WrittenLog()
        entries = [*logged.log.entries]
        entries[0] = b"another"
        other.grow(entries)
        index = len(entries) - 1
        proof = inclusion_proof(index, other.size, other.trusted_reader().hashes)
        answer.receipt = receipts.Receipt(index, tuple(proof), other.files["checkpoint"]).encoded()
        return answer

    logged.gateway.routes["/paas.audit.v1.AuditService/GetReceipt"] = (request, forked)  # type: ignore[assignment]
    result = paas("secrets:get", "S", "--proof", FILE)
    assert result.exit_code == 1
    assert "does not go on" in result.err
    assert not Path(FILE).exists()
