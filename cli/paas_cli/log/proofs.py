"""Proofs that an event is in the log, in files that are verified without asking anybody (c2sp.org/tlog-proof).

The event itself is in the file, as its `extra`, so that one file is whole. An event never has a value in it.
"""

from dataclasses import dataclass, replace
from typing import Final

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.files import given_file
from paas_cli.log import event_shown, refusals
from paas_cli.log.reading import LogReader
from paas_cli.log.trust import ED25519
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from transparency import receipts
from transparency.canonical import Json
from transparency.failures import Malformed, NotVerified
from transparency.merkle.hashing import leaf_hash
from transparency.merkle.proofs import verify_inclusion
from transparency.notes import checkpoints, signed
from transparency.policy import Accepted, Policy
from transparency.receipts import Receipt

# An event is on its way to the log for a moment, and then waits to be published.
_PAUSES: Final = (0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 4.0)


@dataclass(frozen=True)
class Proven:
    """A proof that was verified: the event, its place in the log counted from 0, and the checkpoint that has it."""

    event: dict[str, Json]
    index: int
    accepted: Accepted


def keep(path: str, event_id: str, session: Session, *, done: str) -> None:
    """Write the proof of an event into a new file. Raises Failure, which begins with the sentence `done`."""
    try:
        receipt = _verified_receipt(event_id, session)
        given_file.write_new(path, receipt.encoded().decode())
    except Failure as failure:
        raise Failure(
            f"{done}, but there is no proof of it: {failure.sentence}",
            exit_code=failure.exit_code,
            details=failure.details,
        ) from None
    session.err.line(f"Wrote the proof to {visible(path)}")


def proven(content: bytes, policy: Policy) -> Proven:
    """Verify the content of a proof's file. Raises NotVerified."""
    receipt = receipts.parsed(content)
    if not receipt.extra:
        raise Malformed("the file has no event in it; it is a proof of something that you have to have")
    accepted = receipts.verified(receipt, receipt.extra, policy, ED25519)
    return Proven(_event_of(receipt), receipt.index, accepted)


def _verified_receipt(event_id: str, session: Session) -> Receipt:
    """Ask for a receipt until there is one, and verify it before anybody relies on it. Raises Failure."""
    if not event_id:
        raise Failure("the service did not say which event it is; it may be too old for proofs.")
    receipt = _receipt(event_id, session)
    reader = LogReader(session)
    try:
        _check(receipt, event_id)
        try:
            seen = reader.look()
        except Failure as failure:
            if failure.exit_code != errors.NOT_ALLOWED:
                raise
            # Of an event of one's own everybody gets the receipt, and not all may read the log.
            _check_without_log(receipt, reader, session)
            return receipt
        reader.note_first(seen)
        found = receipts.verified(receipt, receipt.extra, Policy(seen.now.keys), ED25519)
        reader.check_same_log(found.opened.checkpoint, seen, note=receipt.checkpoint)
    except NotVerified as error:
        raise refusals.unverified(error) from None
    return receipt


def _receipt(event_id: str, session: Session) -> Receipt:
    from paas.audit.v1 import audit_pb2

    request = audit_pb2.GetReceiptRequest(event_id=event_id)
    for pause in (*_PAUSES, None):
        try:
            answer = session.read("/paas.audit.v1.AuditService/GetReceipt", request, audit_pb2.GetReceiptResponse)
        except Failure as failure:
            if pause is None or failure.details.get("code") != "NOT_FOUND":
                raise
            session.surroundings.sleep(pause)
            continue
        try:
            return replace(receipts.parsed(answer.receipt), extra=answer.entry)
        except NotVerified as error:
            raise refusals.unverified(error) from None
    raise AssertionError("the last try returns or raises")


def _check(receipt: Receipt, event_id: str) -> None:
    """Raise NotVerified unless the receipt is of this very event, at the place that its checkpoint has it."""
    if _event_of(receipt).get("event_id") != event_id:
        raise NotVerified("the receipt is another event's")
    checkpoint = checkpoints.parsed(signed.parsed(receipt.checkpoint).text)
    if not verify_inclusion(
        index=receipt.index,
        size=checkpoint.size,
        leaf=leaf_hash(receipt.extra),
        proof=receipt.proof,
        root=checkpoint.root,
    ):
        raise NotVerified("the event is not where its receipt says")


def _check_without_log(receipt: Receipt, reader: LogReader, session: Session) -> None:
    """Verify a receipt's signature with the keys that are remembered, where there are any."""
    origin = checkpoints.parsed(signed.parsed(receipt.checkpoint).text).origin
    before = reader.memory.read(origin)
    if before is None:
        session.note("you may not read the log, and its key is not known here: the proof's signature was not verified.")
        return
    receipts.verified(receipt, receipt.extra, Policy(before.keys), ED25519)


def _event_of(receipt: Receipt) -> dict[str, Json]:
    event = event_shown.parsed(receipt.extra)
    if not event_shown.is_at(event, receipt.index):
        raise NotVerified("the event says that it is at another place in the log")
    return event
