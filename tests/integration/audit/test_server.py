"""The whole service over mTLS: who may append and read, what readers see, and following.

Leaves out the SQL (test_store.py) and what is accepted, field by field (tests/unit/audit).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit.clock import random_id, utc_now
from paaskit.identity import Identity, IdentityVerifier
from services.audit import domain
from services.audit.server import assemble
from services.audit.settings import Settings
from tests.fakes.identities import FakeTokens, identity_of
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE
from tests.integration.audit.conftest import Served


def event_of(
    *,
    tenant: str = "acme",
    app: str = "web",
    app_id: str = "a1",
    action: str = "config.set",
    actor: str = "user:ada@example.com",
    maker: str = "",
    targets: Sequence[str] = ("LOG_LEVEL",),
    outcome: audit_pb2.Outcome.ValueType = audit_pb2.OUTCOME_OK,
) -> audit_pb2.Event:
    event = audit_pb2.Event(
        event_id=random_id(),
        tenant=tenant,
        action=action,
        actor=actor,
        app=app,
        app_id=app_id,
        targets=targets,
        outcome=outcome,
        maker=maker,
    )
    event.occurred_at.GetCurrentTime()
    return event


async def test_service_is_named_by_its_certificate(served: Served) -> None:
    event = event_of()
    event.service, event.sequence = "secrets", 99
    event.token_id, event.maker, event.repeats, event.repeats_seconds = "t1", "user:ada@example.com", 7, 10
    event.target_tokens.add(token_id="t2", maker="user:grace")
    event.reason = "Ticket 4711"
    await served.append(event)
    (listed,) = await _list(served, identity_of())
    assert (listed.service, listed.sequence) == ("config", 1)
    assert listed.recorded_at.ToDatetime() >= listed.occurred_at.ToDatetime()
    event.service, event.sequence = "config", 1
    event.recorded_at.CopyFrom(listed.recorded_at)
    event.occurred_at.nanos -= event.occurred_at.nanos % 1000
    assert listed == event


@pytest.mark.parametrize("caller", ["gateway", "audit", "operator", "provisioner"])
async def test_only_services_append(served: Served, tls: Certificates, caller: str) -> None:
    async with tls.channel(served.address, service="audit", caller=caller) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await audit_pb2_grpc.AuditInternalServiceStub(channel).AppendEvents(
                audit_pb2.AppendEventsRequest(events=[event_of()])
            )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_one_bad_event_keeps_all_out(served: Served) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.append(event_of(), event_of(actor=""))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]  # it has what is read of a call
    bad = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad) for detail in status.details)
    assert [violation.field for violation in bad.field_violations] == ["events[1].actor"]
    assert await _list(served, identity_of()) == []


async def test_pages_newest_first_until_the_oldest(served: Served) -> None:
    await served.append(*(event_of(action=f"a.{number}") for number in range(7)))
    seen, page_token = [], ""
    while True:
        page = await served.users.ListEvents(
            audit_pb2.ListEventsRequest(page_size=3, page_token=page_token),
            metadata=served.tokens.metadata(identity_of()),
        )
        seen += [event.action for event in page.events]
        page_token = page.next_page_token
        if not page_token:
            break
    assert seen == [f"a.{number}" for number in range(6, -1, -1)]


@pytest.mark.parametrize("page_token", ["x", "WzBd", "WyIxIl0=", "W10=", "bnVsbA==", "=" * 9, "nul\0", "A" * 100_000])
async def test_made_up_page_token_is_refused(served: Served, page_token: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _list(served, identity_of(), page_token=page_token)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_page_token_is_for_its_own_tenant(served: Served) -> None:
    for tenant in ("acme", "rival"):
        await served.append(*(event_of(tenant=tenant) for _ in range(3)))
    asked = audit_pb2.ListEventsRequest(page_size=1)
    page = await served.users.ListEvents(asked, metadata=served.tokens.metadata(identity_of()))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _list(served, identity_of(tenant="rival"), page_token=page.next_page_token)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(await _list(served, identity_of(), page_token=page.next_page_token)) == 2


@pytest.mark.parametrize("name", ["x" * 65, "nul\0"])
async def test_impossible_filters_are_refused(served: Served, name: str) -> None:
    for request in (audit_pb2.ListEventsRequest(app=name), audit_pb2.ListEventsRequest(action=name)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.users.ListEvents(request, metadata=served.tokens.metadata(identity_of()))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_readers_see_their_tenant_and_their_apps(served: Served) -> None:
    await served.append(
        event_of(app="web"),
        event_of(app="api", app_id="a2"),
        event_of(app="", app_id=""),
        event_of(app="web", app_id=""),
        event_of(app="web", app_id="a9"),
        event_of(app="web", tenant="rival"),
    )
    everything = [(event.app, event.app_id) for event in await _list(served, identity_of())]
    assert everything == [("web", "a9"), ("web", ""), ("", ""), ("api", "a2"), ("web", "a1")]
    limited = identity_of(apps=frozenset({("web", "a1")}))
    assert [(each.tenant, each.app, each.app_id) for each in await _list(served, limited)] == [("acme", "web", "a1")]
    assert await _list(served, identity_of(apps=frozenset())) == []
    assert await _list(served, identity_of(apps=frozenset({("web", "")}))) == []
    assert [event.tenant for event in await _list(served, identity_of(tenant="rival"))] == ["rival"]
    assert await _list(served, identity_of(tenant="third")) == []


async def test_questions_are_answered_and_paged_in_either_order(served: Served) -> None:
    await served.append(
        event_of(action="secrets.get", targets=("K",)),
        event_of(action="secrets.get", actor="service:secrets"),
        event_of(action="secrets.get", actor="pat:ci", maker="user:ada@example.com", targets=("K", "L")),
        event_of(action="config.set", targets=("K",), outcome=audit_pb2.OUTCOME_DENIED),
    )

    async def asked(**fields: Any) -> list[int]:
        seen: list[int] = []
        request = audit_pb2.ListEventsRequest(page_size=1, **fields)
        while True:
            page = await served.users.ListEvents(request, metadata=served.tokens.metadata(identity_of()))
            seen += [event.sequence for event in page.events]
            if not page.next_page_token:
                return seen
            request.page_token = page.next_page_token

    assert await asked(name="K") == [4, 3, 1]
    assert await asked(name="K", oldest_first=True) == [1, 3, 4]
    assert await asked(name="K", oldest_first=True, after_sequence=1, before_sequence=4) == [3]
    assert await asked(name="K", before_sequence=4, after_sequence=1) == [3]
    assert await asked(name="K", action="secrets.get", actor="user:ada@example.com") == [3, 1]
    assert await asked(outcome=audit_pb2.OUTCOME_DENIED) == [4]
    assert await asked(people_only=True) == [4, 3, 1]
    past, future = (Timestamp(seconds=int(time.time()) + seconds) for seconds in (-3600, 3600))
    assert await asked(since=past, until=future, name="L") == [3]
    assert await asked(since=future) == []
    assert await asked(until=past) == []


@pytest.mark.parametrize(
    ("fields", "violated"),
    [
        ({"action": "secrets.gett"}, "action"),
        ({"outcome": 7}, "outcome"),
        ({"since": Timestamp(seconds=2), "until": Timestamp(seconds=1)}, "until"),
        ({"since": Timestamp(seconds=2**60)}, "since"),
        ({"until": Timestamp(nanos=-1)}, "until"),
        ({"name": "x" * 129}, "name"),
        ({"actor": "x" * 201}, "actor"),
        ({"after_sequence": -1}, "after_sequence"),
    ],
)
async def test_questions_that_make_no_sense_are_refused(served: Served, fields: dict[str, Any], violated: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.ListEvents(
            audit_pb2.ListEventsRequest(**fields), metadata=served.tokens.metadata(identity_of())
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]  # it has what is read of a call
    bad = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad) for detail in status.details)
    assert [violation.field for violation in bad.field_violations] == [violated]


async def test_a_page_token_is_for_one_order(served: Served) -> None:
    await served.append(*(event_of() for _ in range(3)))
    page = await served.users.ListEvents(
        audit_pb2.ListEventsRequest(page_size=1), metadata=served.tokens.metadata(identity_of())
    )
    request = audit_pb2.ListEventsRequest(page_token=page.next_page_token, oldest_first=True)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await served.users.ListEvents(request, metadata=served.tokens.metadata(identity_of()))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_follower_gets_what_is_selected(served: Served) -> None:
    mine = event_of(targets=("K",), action="config.stage")
    await served.append(event_of(), mine, event_of(targets=("K",), actor="service:x"))
    stream = served.users.FollowEvents(
        audit_pb2.FollowEventsRequest(after_sequence=-1, name="K", people_only=True),
        metadata=served.tokens.metadata(identity_of()),
    )
    assert await _read(stream, 1) == ["config.stage"]
    await served.append(event_of(), event_of(targets=("K",), action="config.unset"))
    assert await _read(stream, 1) == ["config.unset"]
    stream.cancel()


async def test_denied_readers_are_recorded_here(served: Served) -> None:
    await served.append(event_of())
    nobody = identity_of(subject="pat:ci", permissions=frozenset({"config.read"}))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _list(served, nobody)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    newest, _ = await _list(served, identity_of())
    assert (newest.action, newest.actor, newest.outcome) == ("audit.list", "pat:ci", audit_pb2.OUTCOME_DENIED)
    assert (newest.service, newest.client_address) == ("audit", "203.0.113.9")


async def test_follower_gets_old_events_then_new_ones_in_order(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    # Told of by the append itself, not found by the look each second.
    monkeypatch.setattr(domain, "_LOOK_AGAIN_SECONDS", 3600.0)
    elsewhere = event_of(action="old.2", app="api", app_id="a2")
    await served.append(event_of(action="old.1"), elsewhere, event_of(action="old.3"))
    stream = _follow(served, identity_of(apps=frozenset({("web", "a1")})), after=-1)
    assert await _read(stream, 2) == ["old.1", "old.3"]
    await served.append(event_of(action="other", app="api", app_id="a2"), event_of(action="new"))
    assert await _read(stream, 1) == ["new"]
    stream.cancel()


async def test_follower_from_now_on_or_after_a_sequence(served: Served) -> None:
    await served.append(event_of(action="old.1"), event_of(action="old.2"))
    from_now, from_second = _follow(served, identity_of(), after=0), _follow(served, identity_of(), after=1)
    assert await _read(from_second, 1) == ["old.2"]
    # Nothing tells from outside when the other has looked where the log ends: events come until it has one.
    reading = asyncio.ensure_future(_read(from_now, 1))
    while not reading.done():
        await served.append(event_of(action="new"))
        await asyncio.sleep(0.1)
    assert await reading == ["new"]
    from_now.cancel()
    from_second.cancel()


async def test_follower_sees_what_another_replica_appends(
    served: Served, settings: Settings, tls: Certificates
) -> None:
    stream = _follow(served, identity_of(), after=-1)
    await served.append(event_of(action="here"))
    assert await _read(stream, 1) == ["here"]
    other = replace(settings, listen=settings.listen.replace("127.0.0.1", "127.0.0.2"))
    async with (
        serving(other, await assemble(other)) as address,
        tls.channel(address, service="audit", caller="config") as config,
    ):
        await replace(served, config=config).append(event_of(action="elsewhere"))
        assert await _read(stream, 1) == ["elsewhere"]
    stream.cancel()


async def test_many_waiting_followers_leave_the_database_to_others(served: Served) -> None:
    streams = [_follow(served, identity_of(token_id=f"t{number}"), after=-1) for number in range(40)]
    reading = [asyncio.ensure_future(_read(stream, 1)) for stream in streams]
    await asyncio.sleep(0.1)
    await asyncio.wait_for(served.append(event_of(action="new")), PATIENCE)
    assert await asyncio.wait_for(asyncio.gather(*reading), PATIENCE) == [["new"]] * 40
    for stream in streams:
        stream.cancel()


async def test_followers_end_at_once_when_the_server_stops(
    settings: Settings, databases: Databases, tls: Certificates
) -> None:
    databases.empty("audit")
    tokens = FakeTokens()
    assembly = replace(await assemble(settings), verifier=IdentityVerifier(tokens.public_keys, clock=utc_now))
    serving_it = serving(settings, assembly)
    address = await serving_it.__aenter__()
    async with (
        tls.connected(address, service="audit", caller="gateway") as gateway,
        tls.connected(address, service="audit", caller="config") as config,
    ):
        served = Served(address, gateway, config, tokens)
        await served.append(event_of(action="old"))
        stream = _follow(served, identity_of(), after=-1)
        # Only one that has given something has surely begun.
        assert await _read(stream, 1) == ["old"]
        reading = asyncio.ensure_future(_read(stream, 1))
        await serving_it.__aexit__(None, None, None)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await reading
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    assert ended.value.details() == "The stream ends here; follow again after sequence 1."


async def test_tokens_away_is_unavailable_and_appending_goes_on(settings: Settings, tls: Certificates) -> None:
    async with (
        serving(settings, await assemble(settings)) as address,
        tls.channel(address, service="audit", caller="gateway") as gateway,
        tls.channel(address, service="audit", caller="config") as config,
    ):
        served = Served(address, gateway, config, FakeTokens())
        await served.append(event_of())
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await _list(served, identity_of())
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE


async def _list(served: Served, identity: Identity, *, page_token: str = "") -> list[audit_pb2.Event]:
    answer = await served.users.ListEvents(
        audit_pb2.ListEventsRequest(page_token=page_token), metadata=served.tokens.metadata(identity)
    )
    return list(answer.events)


def _follow(
    served: Served, identity: Identity, *, after: int
) -> "grpc.aio.UnaryStreamCall[audit_pb2.FollowEventsRequest, audit_pb2.FollowEventsResponse]":
    return served.users.FollowEvents(
        audit_pb2.FollowEventsRequest(after_sequence=after), metadata=served.tokens.metadata(identity)
    )


async def _read(
    stream: "grpc.aio.UnaryStreamCall[audit_pb2.FollowEventsRequest, audit_pb2.FollowEventsResponse]", count: int
) -> list[str]:
    read: list[str] = []
    while len(read) < count:
        response = await asyncio.wait_for(stream.read(), PATIENCE)
        assert isinstance(response, audit_pb2.FollowEventsResponse)
        read.append(response.event.action)
    return read
