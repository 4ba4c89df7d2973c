"""Denials: whichever layer denies a user something, it is on record once, with its names, before the user is told.

Covers: the rule, the token's apps, the method itself, streams, names that could be none, many names, a client that goes
away, a record that can't be kept. Leaves out everything else that the gate does (test_gate.py).
"""

import asyncio
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paaskit.access import app_ref, may, require
from paaskit.audit import DENIED, AuditEvent
from paaskit.errors import NotFound, PermissionDenied, Unavailable
from tests.fixtures.waiting import PATIENCE, until
from tests.unit.paaskit.gated import LIST_VARS, RESOLVE_APP, SET_VARS, WATCH, Gated

CANARY = "canary-7f3a"
WEB = config_pb2.ListVarsRequest(app="web").SerializeToString()
PAT = "paas_pat_0123456789ABCDEFGHIJabcdefghij1dOwbj"


def _setting(*names: str, app: str = "web") -> bytes:
    assigned = [config_pb2.Assignment(name=name, value=CANARY) for name in names]
    return config_pb2.SetVarsRequest(app=app, vars=assigned).SerializeToString()


async def _denies(_: Any) -> Any:
    raise PermissionDenied("Not this one.")


async def test_a_denial_by_the_rule_is_on_record_before_the_method(gated: Gated) -> None:
    me = gated.signer.user(permissions=frozenset({"config.read"}))
    error = await gated.refused(SET_VARS, _setting("A", "B"), metadata=me)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    (event,) = gated.denials
    assert (event.action, event.actor, event.outcome) == ("config.set", "user:ada@example.com", DENIED)
    assert (event.tenant, event.app, event.app_id, list(event.targets)) == ("acme", "web", "", ["A", "B"])
    assert event.client_address == "203.0.113.9"
    assert gated.requests == []


async def test_a_denial_by_the_method_is_on_record_once_with_its_names_and_the_apps_id(gated: Gated) -> None:
    gated.work = _denies
    error = await gated.refused(SET_VARS, _setting("A"), metadata=gated.signer.user(apps=frozenset({("web", "a1")})))
    assert (error.code(), error.details()) == (grpc.StatusCode.PERMISSION_DENIED, "Not this one.")
    (event,) = gated.denials
    assert (event.action, event.app, event.app_id, list(event.targets)) == ("config.set", "web", "a1", ["A"])
    assert len(gated.requests) == 1


async def test_a_permission_beyond_the_rule_is_denied_alike(gated: Gated) -> None:
    async def work(answer: Any) -> Any:
        assert may("config.write")
        assert not may("secrets.write")
        require("config.write")
        require("secrets.write")
        return answer

    gated.work = work
    me = gated.signer.user(permissions=frozenset({"config.write"}))
    error = await gated.refused(SET_VARS, _setting("A"), metadata=me)
    assert "needs secrets.write" in error.details()
    assert [(event.action, list(event.targets)) for event in gated.denials] == [("config.set", ["A"])]


async def test_an_app_of_the_same_name_is_a_stranger_to_a_limited_token(gated: Gated) -> None:
    stored = {"web": "a2"}

    async def work(answer: Any) -> Any:
        app_ref(gated.requests[-1].app).accept(stored["web"])
        return answer

    gated.work = work
    old = gated.signer.user(apps=frozenset({("web", "a1"), ("api", "a3")}))
    error = await gated.refused(LIST_VARS, WEB, metadata=old)
    other = await gated.refused(LIST_VARS, config_pb2.ListVarsRequest(app="desk").SerializeToString(), metadata=old)
    assert (error.code(), error.details()) == (other.code(), other.details()), "told in the same words"
    assert [(event.app, event.app_id) for event in gated.denials] == [("web", "a1"), ("desk", "")]
    stored["web"] = "a1"
    await gated.call(LIST_VARS, WEB, metadata=old)
    stored["web"] = "a2"
    await gated.call(LIST_VARS, WEB, metadata=gated.signer.user(apps=frozenset({("web", "a2")})))
    await gated.call(LIST_VARS, WEB)
    assert len(gated.denials) == 2


async def test_a_token_that_reaches_no_app_is_denied_every_app(gated: Gated) -> None:
    for token_id, apps in (("t1", frozenset[tuple[str, str]]()), ("t2", frozenset({("other", "a1")}))):
        error = await gated.refused(LIST_VARS, WEB, metadata=gated.signer.user(apps=apps, token_id=token_id))
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert (len(gated.denials), gated.requests) == (2, [])


async def test_a_service_that_carries_a_limited_user_resolves_for_that_user(gated: Gated) -> None:
    async def work(answer: Any) -> Any:
        request = gated.requests[-1]
        app_ref(request.app, tenant=request.tenant).accept("a2")
        return answer

    gated.work = work
    request = config_pb2.ResolveAppRequest(tenant="acme", app="web").SerializeToString()
    await gated.call(RESOLVE_APP, request, caller="tokens", metadata=())
    limited = gated.signer.user(apps=frozenset({("web", "a1")}))
    error = await gated.refused(RESOLVE_APP, request, caller="tokens", metadata=limited)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert gated.denials == [], "it is on record where the user asked"


async def test_a_stream_that_is_denied_is_on_record_once(gated: Gated) -> None:
    seen = 0
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        stream: Any = channel.unary_stream(WATCH)

        async def read(metadata: Any) -> None:
            nonlocal seen
            async for _ in stream(raw, metadata=metadata, timeout=PATIENCE):
                seen += 1

        raw = releaser_pb2.WatchReleaseRequest(app="web", number=1).SerializeToString()
        scope = frozenset({("web", "a1")})
        for permissions, work, answers in ((frozenset[str](), None, 0), (frozenset({"releases.read"}), _denies, 1)):
            gated.work, seen = work, 0
            with pytest.raises(grpc.aio.AioRpcError) as denied:
                await read(gated.signer.user(permissions=permissions, apps=scope, token_id=f"t{answers}"))
            assert (denied.value.code(), seen) == (grpc.StatusCode.PERMISSION_DENIED, answers)
    assert [(event.action, event.app, event.app_id) for event in gated.denials] == [("releases.watch", "web", "a1")] * 2


@pytest.mark.parametrize("app", [f"{CANARY}\n{CANARY}", "x" * 2000, PAT, "naïve", "a/b"])
async def test_an_app_that_could_be_none_is_not_on_record(gated: Gated, app: str) -> None:
    me = gated.signer.user(permissions=frozenset())
    await gated.refused(LIST_VARS, config_pb2.ListVarsRequest(app=app).SerializeToString(), metadata=me)
    (event,) = gated.denials
    assert (event.app, event.action) == ("", "config.list")


async def test_targets_that_could_be_no_names_are_not_on_record(gated: Gated) -> None:
    impossible = [
        "",
        "x" * 129,
        "a\nb",
        "a\0b",
        "naïve",
        "-a",
        "{}",
        CANARY,
        "7A",
        PAT,
        f"Bearer {PAT}",
        f"x{PAT}",
        "a=b",
    ]
    me = gated.signer.user(permissions=frozenset())
    await gated.refused(SET_VARS, _setting("A", *impossible, "B_2"), metadata=me)
    (event,) = gated.denials
    assert list(event.targets) == ["A", "B_2"]


async def test_many_names_are_all_on_record_up_to_the_number_a_request_may_have(gated: Gated) -> None:
    me = gated.signer.user(permissions=frozenset())
    names = [f"{'N' * 123}_{number:04}" for number in range(600)]
    await gated.refused(SET_VARS, _setting(*names), metadata=me)
    assert [len(event.targets) for event in gated.denials] == [256, 244]
    assert [target for event in gated.denials for target in event.targets] == names[:500]


async def test_what_is_no_denial_is_not_on_record(gated: Gated) -> None:
    async def work(_: Any) -> Any:
        raise NotFound("There is no such app.")

    gated.work = work
    await gated.refused(LIST_VARS, WEB)
    await gated.refused(LIST_VARS, b"\xff")
    await gated.refused(LIST_VARS, WEB, caller="audit")
    await gated.refused(LIST_VARS, WEB, metadata=())
    assert gated.denials == []


async def test_a_denial_that_cannot_be_kept_is_unavailable(gated: Gated) -> None:
    """Nobody learns that something is there, or not theirs, without a trace of having asked."""

    async def away(event: AuditEvent) -> None:
        raise Unavailable("The database is away.")

    gated.gate._denials._record = away
    for work, permissions in ((None, frozenset[str]()), (_denies, frozenset({"config.read"}))):
        gated.work = work
        error = await gated.refused(LIST_VARS, WEB, metadata=gated.signer.user(permissions=permissions))
        assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "The database is away.")


async def test_a_client_that_goes_away_does_not_take_the_record_along(gated: Gated) -> None:
    begun, kept = asyncio.Event(), asyncio.Event()

    async def slow(event: AuditEvent) -> None:
        begun.set()
        await asyncio.sleep(0.1)
        gated.denials.append(event)
        kept.set()

    gated.gate._denials._record = slow
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        for method, raw in ((channel.unary_unary(LIST_VARS), WEB), (channel.unary_stream(WATCH), b"")):
            begun.clear()
            kept.clear()
            call: Any = method
            asked = call(raw, metadata=gated.signer.user(permissions=frozenset()), timeout=PATIENCE)
            await begun.wait()
            asked.cancel()
            await until(kept.is_set)
    assert len(gated.denials) == 2
