"""A session at the identity provider is one audit event, and what can't be recorded is recorded later."""

from datetime import timedelta

import pytest

from paaskit.access import VIEWER
from paaskit.audit import AuditEvent
from paaskit.clock import utc_now
from paaskit.errors import Unavailable
from services.tokens.sso.claims import Person
from services.tokens.sso.sign_ins import SignIns


class Trail:
    """Keeps events, as audit does: each once."""

    def __init__(self) -> None:
        self.away = False
        self.events: dict[str, AuditEvent] = {}
        self.told = 0

    async def record(self, event: AuditEvent) -> None:
        if self.away:
            raise Unavailable("Away.")
        self.told += 1
        self.events.setdefault(event.event_id, event)


def _ann(session_id: str = "s1", tenant: str = "acme") -> Person:
    return Person(
        tenant=tenant,
        user="ann",
        person_id="p1",
        session_id=session_id,
        permissions=VIEWER,
        expires_at=utc_now() + timedelta(minutes=5),
    )


async def test_a_session_is_told_once_by_however_many_processes() -> None:
    trail = Trail()
    here, there = SignIns(record=trail.record), SignIns(record=trail.record)
    for process in (here, here, there):
        process.seen(_ann(), client_address="203.0.113.9")
        process.seen(_ann("s2"), client_address="203.0.113.9")
        process.seen(_ann(tenant="rival"), client_address="203.0.113.9")
        await process.flush()
    assert (trail.told, len(trail.events)) == (6, 3)
    event = next(iter(trail.events.values()))
    assert (event.tenant, event.action, event.actor, event.targets) == ("acme", "tokens.sign_in", "user:ann", ["ann"])
    assert (event.token_id, event.target_tokens[0].token_id, event.client_address) == (
        "session:s1",
        "session:s1",
        "203.0.113.9",
    )


async def test_what_can_not_be_recorded_is_recorded_later() -> None:
    trail = Trail()
    sign_ins = SignIns(record=trail.record)
    trail.away = True
    sign_ins.seen(_ann(), client_address="")
    with pytest.raises(Unavailable):
        await sign_ins.flush()
    sign_ins.seen(_ann(), client_address="")
    trail.away = False
    await sign_ins.flush()
    assert len(trail.events) == trail.told == 1


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.tokens.sso.sign_ins._KNOWN", 10)
    trail = Trail()
    sign_ins = SignIns(record=trail.record)
    for number in range(100):
        sign_ins.seen(_ann(f"s{number}"), client_address="")
        await sign_ins.flush()
    assert (len(sign_ins._known) <= 10, len(trail.events)) == (True, 100)
