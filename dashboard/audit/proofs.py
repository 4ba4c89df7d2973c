"""The proof that an event is in the log, as the file that `paas audit:verify-proof` verifies.

It is verified before it is given: that a proof proves nothing is found out too late when it is needed.
"""

from dataclasses import replace

from paas.audit.v1.audit_pb2 import GetReceiptResponse

from paas_cli.log import event_shown
from paaskit.ed25519 import Ed25519
from transparency import receipts
from transparency.failures import NotVerified
from transparency.policy import Policy

MEDIA_TYPE = "text/plain; charset=utf-8"
"""A tlog-proof is lines of text, and has no media type of its own."""


def proof_file(answer: GetReceiptResponse, event_id: str, policy: Policy) -> bytes:
    """Return the file's content. Raises NotVerified unless it proves that very event."""
    receipt = replace(receipts.parsed(answer.receipt), extra=answer.entry)
    event = event_shown.parsed(receipt.extra)
    if event.get("event_id") != event_id:
        raise NotVerified("the receipt is another event's")
    if not event_shown.is_at(event, receipt.index):
        raise NotVerified("the event says that it is at another place in the log")
    receipts.verified(receipt, receipt.extra, policy, Ed25519())
    return receipt.encoded()


def file_name(sequence: int) -> str:
    """What the file is called where it is saved."""
    return f"event-{sequence}{receipts.SUFFIX}"
