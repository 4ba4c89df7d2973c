"""An event with all that is known of it, the checkpoint, and the file of a proof, as pages have them.

Leaves out the pages (tests/e2e), and how logs are verified (tests/unit/transparency).
"""

import json
from datetime import UTC, datetime

import pytest
from paas.audit.v1 import audit_pb2

from dashboard.audit.checkpoint import LogState, log_state
from dashboard.audit.proofs import file_name, proof_file
from dashboard.audit.shown import facts, row
from tests.fixtures.written_log import ORIGIN, a_key, a_signer
from transparency.failures import NotVerified
from transparency.merkle.hashing import leaf_hash, leaf_hashes
from transparency.merkle.proofs import verify_inclusion
from transparency.merkle.tree import Tree
from transparency.notes import signed
from transparency.notes.checkpoints import signed_checkpoint
from transparency.notes.keys import Kind
from transparency.policy import Policy
from transparency.receipts import Receipt, parsed

WITNESS = a_key("witness.example/w1", Kind.COSIGNATURE)


def entry(event_id: str, sequence: int) -> bytes:
    """An event as the log has it."""
    return json.dumps({"event_id": event_id, "sequence": str(sequence)}, separators=(",", ":")).encode()


def note(*entries: bytes, signer: str = ORIGIN) -> signed.SignedNote:
    """The checkpoint of a log of some entries."""
    tree = Tree()
    tree.extend(leaf_hashes(list(entries)))
    return signed_checkpoint(size=len(entries), root=tree.root(), key=a_key(signer), signer=a_signer(signer))


def answer(served: signed.SignedNote, **more: object) -> audit_pb2.GetLogResponse:
    """What the service says of its log."""
    return audit_pb2.GetLogResponse(
        origin=ORIGIN,
        keys=[a_key().text],
        checkpoint=served.encoded(),
        first_kept=1,
        **more,  # type: ignore[arg-type]
    )


def state(served: signed.SignedNote) -> LogState:
    """The same, verified."""
    found = log_state(answer(served))
    assert found is not None
    return found


def test_a_checkpoint_says_what_it_has_and_who_saw_it() -> None:
    plain = note(entry("a", 1))
    times = [signed.cosigned(plain.text, WITNESS, a_signer(WITNESS.name), time=time) for time in (1_800_000_000, 5)]
    found = state(plain.with_signatures(times))
    assert (found.checkpoint.size, [key.text for key in found.keys]) == (1, [a_key().text])
    assert [(each.witness, each.at.timestamp()) for each in found.cosigned] == [(WITNESS.name, 1_800_000_000)]
    assert (found.has(1), found.has(2), found.dropped) == (True, False, None)


def test_a_log_without_a_checkpoint_has_no_state() -> None:
    assert log_state(audit_pb2.GetLogResponse(origin=ORIGIN, keys=[a_key().text])) is None


def test_a_checkpoint_of_another_key_or_log_is_not_believed() -> None:
    served = answer(note(entry("a", 1)))
    changed = served.checkpoint.replace(b"\n1\n", b"\n2\n", 1)
    assert changed != served.checkpoint
    served.checkpoint = changed
    with pytest.raises(NotVerified):
        log_state(served)
    with pytest.raises(NotVerified, match="another log's"):
        log_state(answer(note(entry("a", 1), signer="audit.paas.example/other")))


def test_what_was_dropped_is_told() -> None:
    served = answer(note(entry("a", 1), entry("b", 2)))
    served.first_kept, served.told_in = 2, 2
    found = log_state(served)
    assert found is not None
    assert found.dropped is not None
    assert (found.dropped.count, found.dropped.told_in) == (1, 1)


def receipt_of(*entries: bytes, index: int) -> audit_pb2.GetReceiptResponse:
    """What proves the entry at an index, of two."""
    proof = (leaf_hash(entries[1 - index]),)
    receipt = Receipt(index, proof, note(*entries).encoded())
    return audit_pb2.GetReceiptResponse(entry=entries[index], receipt=receipt.encoded())


def test_a_proof_is_a_file_that_has_the_event() -> None:
    entries = (entry("a", 1), entry("b", 2))
    content = proof_file(receipt_of(*entries, index=1), "b", Policy((a_key(),)))
    found = parsed(content)
    assert (found.index, found.extra) == (1, entries[1])
    tree = Tree()
    tree.extend(leaf_hashes(list(entries)))
    assert verify_inclusion(index=1, size=2, leaf=leaf_hash(found.extra), proof=found.proof, root=tree.root())
    assert file_name(2) == "event-2.tlog-proof"


def test_a_proof_of_something_else_is_not_given() -> None:
    entries, policy = (entry("a", 1), entry("b", 2)), Policy((a_key(),))
    with pytest.raises(NotVerified, match="another event's"):
        proof_file(receipt_of(*entries, index=0), "b", policy)
    with pytest.raises(NotVerified, match="another place"):
        proof_file(receipt_of(entry("a", 2), entry("b", 1), index=0), "a", policy)
    with pytest.raises(NotVerified):
        proof_file(receipt_of(*entries, index=1), "b", Policy((a_key("audit.paas.example/other"),)))
    changed = receipt_of(*entries, index=1)
    changed.entry = entry("b", 2).replace(b'"}', b'","more":"1"}')
    with pytest.raises(NotVerified):
        proof_file(changed, "b", policy)


def test_every_field_of_an_event_is_on_its_page() -> None:
    event = audit_pb2.Event()
    for field in audit_pb2.Event.DESCRIPTOR.fields:
        if field.name in ("occurred_at", "recorded_at"):
            getattr(event, field.name).FromNanoseconds(1_800_000_000_123_456_000)
        elif field.name == "targets":
            event.targets.append("a-targets")
        elif field.name == "target_tokens":
            event.target_tokens.add(token_id="a-target-token", maker="user:a-target-maker")
        elif field.name == "outcome":
            event.outcome = audit_pb2.OUTCOME_DENIED
        elif field.type == field.TYPE_INT64:
            setattr(event, field.name, 7_000 + field.number)
        else:
            setattr(event, field.name, f"a-{field.name}")
    told = " ".join(fact.text for fact in facts(event))
    wanted = [f"a-{each.name}" for each in audit_pb2.Event.DESCRIPTOR.fields if each.type == each.TYPE_STRING]
    wanted += [
        "a-target-token",
        "a-target-maker",
        "denied",
        "2027-01-15T08:00:00.123456Z",
        "7003",
        "7011",
        "7,020",
        "7,021",
    ]
    assert [each for each in wanted if each not in told] == []


def test_an_event_without_more_has_no_empty_lines() -> None:
    event = audit_pb2.Event(sequence=1, event_id="e", action="secrets.get", actor="service:a")
    event.outcome = audit_pb2.OUTCOME_OK
    assert [fact.word for fact in facts(event)] == ["Action", "Who", "Outcome", "Event id", "Sequence"]
    shown = row(event, datetime(2026, 11, 30, tzinfo=UTC))
    assert shown["outcome"] == "ok"
    # The day for people, and the exact time for programs and for whoever points at it.
    assert (shown["dated"], shown["at"]) == ("1 Jan 1970 00:00:00", "1970-01-01T00:00:00Z")
