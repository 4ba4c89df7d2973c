"""Events on their way from a service to audit, both on real databases: whatever happens to audit, all arrive, in order.

Covers: a database that turns read-only and back, as in a failover; privileges and tables that are missing; faults of
audit's own; a certificate that is refused; a backlog larger than any one message may be. What each status does to a
relay is in tests/unit/paaskit/outbox.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from paaskit import metrics, outbox
from paaskit.audit import AuditEvent
from paaskit.db import Database
from paaskit.trail import Trail
from tests.fixtures.postgres import Databases
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import until
from tests.integration.audit.conftest import Served

# A relay waits two seconds at most after a failure; the rest is for a machine that does a dozen other things.
_PATIENCE = 60


@pytest.fixture
async def sender(databases: Databases) -> AsyncIterator[Database]:
    """The database of config, which has the outbox."""
    async with databases.open("config") as database:
        yield database


@asynccontextmanager
async def _at_work(run: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _events(label: str, *, count: int = 5, tenant: str = "acme", targets: Sequence[str] = ()) -> list[AuditEvent]:
    return [
        AuditEvent(event_id=f"{label}-{n}", tenant=tenant, action="config.set", actor="user:ada", targets=targets)
        for n in range(count)
    ]


def _ids(events: Sequence[AuditEvent]) -> list[str]:
    return [event.event_id for event in events]


def _arrived(databases: Databases, tenant: str = "acme") -> list[str]:
    rows = databases.look("audit", "SELECT event_id FROM events WHERE tenant = %s ORDER BY sequence", (tenant,))
    return [event_id for (event_id,) in rows]


def _failures(reason: str) -> float:
    labels = {"destination": "audit", "reason": reason}
    return metrics.REGISTRY.get_sample_value("paas_outbox_failed_total", labels) or 0


async def _record(trail: Trail, events: Sequence[AuditEvent]) -> None:
    for event in events:
        await trail.record(event)


def _nothing_is_left(databases: Databases) -> bool:
    return databases.look("config", "SELECT count(*) FROM outbox") == [(0,)]


async def test_a_failover_of_audit_loses_nothing(served: Served, sender: Database, databases: Databases) -> None:
    trail = Trail(sender, served.config)
    before, during, after = _events("before"), _events("during"), _events("after")
    async with _at_work(trail.run):
        await _record(trail, before)
        await until(lambda: _arrived(databases) == _ids(before))
        seen = _failures("READ_ONLY")
        databases.turn_read_only("audit", on=True)
        try:
            await _record(trail, during)
            await until(lambda: _failures("READ_ONLY") >= seen + 2, seconds=_PATIENCE)
            parked = databases.look("config", "SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL")
        finally:
            databases.turn_read_only("audit", on=False)
        await _record(trail, after)
        await until(lambda: _nothing_is_left(databases), seconds=_PATIENCE)
    assert parked == [(0,)]
    assert _arrived(databases) == _ids([*before, *during, *after])


_RAISE = """
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON events EXECUTE FUNCTION fail()"""


_FAULTS = {
    "privilege": ("REVOKE INSERT ON events FROM audit", "GRANT INSERT ON events TO audit", "NOT_READY"),
    "table": ("ALTER TABLE events RENAME TO gone", "ALTER TABLE gone RENAME TO events", "NOT_READY"),
    "fault": (_RAISE, "DROP TRIGGER fail ON events; DROP FUNCTION fail", "INTERNAL"),
}


@pytest.mark.parametrize("fault", _FAULTS)
async def test_what_somebody_has_to_mend_loses_nothing(
    served: Served, sender: Database, databases: Databases, fault: str
) -> None:
    break_it, mend_it, reason = _FAULTS[fault]
    trail = Trail(sender, served.config)
    events = _events("kept")
    databases.look("audit", break_it)
    try:
        seen = _failures(reason)
        async with _at_work(trail.run):
            await _record(trail, events)
            await until(lambda: _failures(reason) >= seen + 2, seconds=_PATIENCE)
    finally:
        databases.look("audit", mend_it)
    assert not _nothing_is_left(databases)
    async with _at_work(Trail(sender, served.config).run):
        await until(lambda: _nothing_is_left(databases), seconds=_PATIENCE)
    assert _arrived(databases) == _ids(events)


async def test_a_certificate_that_is_refused_loses_nothing(
    served: Served, sender: Database, databases: Databases, tls: Certificates
) -> None:
    async with tls.channel(served.address, service="audit", caller="provisioner") as refused:
        trails = [Trail(sender, refused), Trail(sender, served.config)]

        async def deliver(payloads: Sequence[bytes]) -> None:
            await trails[0]._append(payloads)

        relay = outbox.Relay(sender, destination=outbox.AUDIT, deliver=deliver)
        events = _events("kept")
        await _record(trails[0], events)
        seen = _failures("PERMISSION_DENIED")
        async with _at_work(relay.run):
            await until(lambda: _failures("PERMISSION_DENIED") >= seen + 3, seconds=_PATIENCE)
            assert _arrived(databases) == []
            trails.pop(0)
            await until(lambda: _nothing_is_left(databases), seconds=_PATIENCE)
    assert _arrived(databases) == _ids(events)


async def test_a_foreign_certificate_loses_nothing(
    served: Served, sender: Database, databases: Databases, foreign_tls: Certificates
) -> None:
    async with foreign_tls.channel(served.address, service="audit", caller="config") as refused:
        events = _events("kept")
        trail = Trail(sender, refused)
        seen = _failures("UNAVAILABLE")
        await _record(trail, events)
        async with _at_work(trail.run):
            await until(lambda: _failures("UNAVAILABLE") >= seen + 2, seconds=_PATIENCE)
    assert _arrived(databases) == []
    async with _at_work(Trail(sender, served.config).run):
        await until(lambda: _nothing_is_left(databases), seconds=_PATIENCE)
    assert _arrived(databases) == _ids(events)


async def test_one_tenant_s_large_changes_hold_up_nobody(
    served: Served, sender: Database, databases: Databases
) -> None:
    """Each event is of 250 names of 128 bytes; all eighty together are more than twice what audit takes at once."""
    trail = Trail(sender, served.config)
    large = _events("large", count=80, targets=[f"N{n:03}_".ljust(128, "x") for n in range(250)])
    small = _events("small", tenant="globex")
    await _record(trail, [*large, *small])
    size = databases.look("config", "SELECT sum(octet_length(payload)) FROM outbox")[0][0]
    assert size > 2 * 1024 * 1024
    async with _at_work(trail.run):
        await until(lambda: _nothing_is_left(databases), seconds=_PATIENCE)
    assert _arrived(databases) == _ids(large)
    assert _arrived(databases, "globex") == _ids(small)


async def test_an_event_that_is_wrong_is_parked_and_comes_back(
    served: Served, sender: Database, databases: Databases
) -> None:
    trail = Trail(sender, served.config)
    events = _events("kept")
    wrong = AuditEvent(event_id="wrong", tenant="acme", action="config.set", actor="x" * 201)
    await _record(trail, [*events[:2], wrong, *events[2:]])
    async with _at_work(trail.run):
        await until(lambda: _arrived(databases) == _ids(events), seconds=_PATIENCE)
        # Acknowledged rows go a moment after their arrival.
        left = "SELECT key, parked_reason FROM outbox"
        await until(lambda: databases.look("config", left) == [("wrong", "INVALID_INPUT")])
        right = AuditEvent(event_id="wrong", tenant="acme", action="config.set", actor="user:ada")
        databases.look("config", "UPDATE outbox SET payload = %s", (right.encode(),))
        await outbox.Outbox(sender).give_back()
        await until(lambda: _nothing_is_left(databases), seconds=_PATIENCE)
    assert _arrived(databases) == [*_ids(events), "wrong"]
