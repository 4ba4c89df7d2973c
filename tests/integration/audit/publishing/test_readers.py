"""The published log as its readers get it, from a whole server: what it is called, its files, receipts.

Leaves out how it is written (test_writer.py).
"""

import json

import grpc
import pytest
from paas.audit.v1 import audit_pb2

from paaskit.ed25519 import Ed25519
from paaskit.identity import Identity
from tests.fakes.identities import identity_of
from tests.fixtures.postgres import Databases
from tests.integration.audit.conftest import Served
from tests.integration.audit.test_server import event_of
from transparency import receipts
from transparency.failures import NotVerified
from transparency.notes.checkpoints import OpenedCheckpoint, opened
from transparency.notes.keys import parsed_key
from transparency.policy import Policy


def limited() -> Identity:
    """Who may do anything in one app."""
    return identity_of(apps=frozenset({("web", "a1")}))


async def log_of(served: Served, identity: Identity | None = None) -> audit_pb2.GetLogResponse:
    return await served.users.GetLog(
        audit_pb2.GetLogRequest(), metadata=served.tokens.metadata(identity or identity_of())
    )


async def opened_log(served: Served, *, size: int) -> OpenedCheckpoint:
    """The log once it has a size."""
    found: list[OpenedCheckpoint] = []

    async def is_there() -> bool:
        log = await log_of(served)
        if log.checkpoint:
            found[:] = [opened(log.checkpoint, parsed_key(log.keys[0]), Ed25519())]
        return bool(found) and found[0].checkpoint.size >= size

    while not await is_there():  # the test's own time limit ends it
        pass
    return found[0]


async def file(served: Served, path: str, identity: Identity | None = None) -> bytes:
    request = audit_pb2.ReadLogFileRequest(path=path)
    pieces = served.users.ReadLogFile(request, metadata=served.tokens.metadata(identity or identity_of()))
    return b"".join([piece.body.data async for piece in pieces])


async def receipt(served: Served, event_id: str, identity: Identity | None = None) -> audit_pb2.GetReceiptResponse:
    request = audit_pb2.GetReceiptRequest(event_id=event_id)
    return await served.users.GetReceipt(request, metadata=served.tokens.metadata(identity or identity_of()))


async def refused(call: object) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call  # type: ignore[misc]
    return error.value.code()


async def test_a_log_grows_by_itself(served: Served) -> None:
    await served.append(*(event_of() for _ in range(3)))
    log = await opened_log(served, size=3)
    assert log.checkpoint.origin.startswith("audit.example.com/")
    assert await file(served, "checkpoint") == log.note.encoded()
    entries = await file(served, "tile/entries/000.p/3")
    assert entries.count(b'"sequence":') == 3


async def test_large_files_come_in_pieces(served: Served) -> None:
    for _ in range(2):
        await served.append(*(event_of(actor="user:" + "a" * 190, action="a" * 60) for _ in range(128)))
    await opened_log(served, size=256)
    entries = await file(served, "tile/entries/000")
    assert len(entries) > 2 * 64 * 1024
    assert await file(served, "tile/0/000")


@pytest.mark.parametrize(
    "path", ["tile/entries/001", "tile/0/000.p/2", "../../keys", "/etc/passwd", "checkpoint/", ".checkpoint", ""]
)
async def test_a_path_where_nothing_is(served: Served, path: str) -> None:
    await served.append(event_of())
    await opened_log(served, size=1)
    assert await refused(file(served, path)) is grpc.StatusCode.NOT_FOUND


async def test_everybody_reads_their_own_tenants_log(served: Served) -> None:
    await served.append(event_of())
    await opened_log(served, size=1)
    rival = identity_of(tenant="rival")
    assert await refused(log_of(served, rival)) is grpc.StatusCode.NOT_FOUND
    assert await refused(file(served, "checkpoint", rival)) is grpc.StatusCode.NOT_FOUND


async def test_entries_are_not_for_who_is_limited_to_some_apps(served: Served) -> None:
    await served.append(event_of())
    await opened_log(served, size=1)
    assert await file(served, "tile/0/000.p/1", limited())
    assert await refused(file(served, "tile/entries/000.p/1", limited())) is grpc.StatusCode.PERMISSION_DENIED


async def test_a_receipt_verifies_without_asking_anybody(served: Served) -> None:
    events = [event_of() for _ in range(20)]
    await served.append(*events)
    answer = await receipt(served, events[7].event_id)
    log = await log_of(served)
    policy = Policy((parsed_key(log.keys[0]),))
    receipts.verified(receipts.parsed(answer.receipt), answer.entry, policy, Ed25519())
    assert json.loads(answer.entry)["event_id"] == events[7].event_id
    other = answer.entry.replace(b"config.set", b"config.get")
    with pytest.raises(NotVerified):
        receipts.verified(receipts.parsed(answer.receipt), other, policy, Ed25519())


async def test_who_has_a_receipt_of_what(served: Served) -> None:
    mine, other_app = event_of(), event_of(app="api", app_id="a2")
    mine.token_id = "mine"
    await served.append(mine, other_app)
    nothing = frozenset({"config.read"})
    me = identity_of(permissions=nothing, token_id="mine")
    somebody = identity_of(permissions=nothing, token_id="else")
    assert (await receipt(served, mine.event_id, me)).entry
    assert (await receipt(served, mine.event_id, limited())).entry
    answers = set()
    for event, identity in [
        (other_app, me),
        (mine, somebody),
        (other_app, limited()),
        (mine, identity_of(tenant="rival")),
        (event_of(), identity_of()),
    ]:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await receipt(served, event.event_id, identity)
        answers.add((error.value.code(), error.value.details(), tuple(error.value.trailing_metadata() or ())))
    ((code, *_),) = answers
    assert code is grpc.StatusCode.NOT_FOUND


async def test_a_reader_without_the_permission_is_refused(served: Served) -> None:
    reader = identity_of(permissions=frozenset({"config.read"}))
    assert await refused(log_of(served, reader)) is grpc.StatusCode.PERMISSION_DENIED
    assert await refused(file(served, "checkpoint", reader)) is grpc.StatusCode.PERMISSION_DENIED


async def test_what_was_dropped_is_told_of_a_tenant_s_own_log(served: Served, databases: Databases) -> None:
    await served.append(*(event_of() for _ in range(6)))
    await opened_log(served, size=6)
    whole = await log_of(served)
    assert (whole.first_kept, whole.told_in, whole.HasField("dropped_before")) == (1, 0, False)
    for tenant, up_to in (("acme", 2), ("acme", 4), ("rival", 5)):
        databases.look(
            "audit",
            "INSERT INTO dropped VALUES (%s, %s, '2026-05-01Z', '400d', 6, '2027-06-05 03:17Z')",
            (tenant, up_to),
        )
    log = await log_of(served)
    assert (log.first_kept, log.told_in) == (5, 6)
    assert log.dropped_before.ToJsonString() == "2026-05-01T00:00:00Z"
    assert log.dropped_at.ToJsonString() == "2027-06-05T03:17:00Z"
