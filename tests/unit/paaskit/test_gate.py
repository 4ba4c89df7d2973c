"""The gate: what it does around a method, in which order, and what it lets out.

Covers: errors become statuses without foreign text, malformed and nested messages (CVE-2025-4565), 500 payloads with
canaries in every field (CVE-2024-8365, CVE-2025-4166), duplicate identities, a client that goes away in the middle.
Leaves out denials and their record (test_denials.py) and who may call what (tests/access).
"""

import asyncio
import random
import uuid
from contextlib import nullcontext
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from paas.config.v1 import config_pb2
from structlog.testing import capture_logs

from paaskit.access import current_caller, current_user
from paaskit.errors import (
    Conflict,
    FieldViolation,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PaasError,
    PermissionDenied,
    Refused,
    Unavailable,
)
from paaskit.gate import checks
from tests.fakes.identities import identity_of
from tests.fixtures.waiting import PATIENCE, until
from tests.unit.paaskit.gated import LIST_VARS, RESOLVE_APP, SET_VARS, WATCH, Gated

CANARY = "canary-7f3a"
WEB = config_pb2.ListVarsRequest(app="web").SerializeToString()


def _details(error: Any) -> tuple[error_details_pb2.ErrorInfo, error_details_pb2.BadRequest]:
    status = rpc_status.from_call(error)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status is not None
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return info, bad


async def test_a_method_knows_its_caller(gated: Gated) -> None:
    async def work(answer: Any) -> Any:
        assert current_caller().service == "gateway"
        assert current_user().tenant == "acme"
        return answer

    gated.work = work
    await gated.call(LIST_VARS, WEB)
    assert [request.app for request in gated.requests] == ["web"]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (NotFound("There is no such app.", reason="APP_NOT_FOUND"), grpc.StatusCode.NOT_FOUND),
        (Conflict("Somebody was first."), grpc.StatusCode.ABORTED),
        (Refused("Not now."), grpc.StatusCode.FAILED_PRECONDITION),
        (LimitExceeded("Too many."), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (Unavailable("Away.", metadata={"service": "secrets"}), grpc.StatusCode.UNAVAILABLE),
        (InvalidInput("Wrong.", fields=[FieldViolation("vars[0]", "bad")]), grpc.StatusCode.INVALID_ARGUMENT),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_our_errors_become_statuses(gated: Gated, raised: PaasError, code: grpc.StatusCode) -> None:
    async def work(_answer: Any) -> Any:
        raise raised

    gated.work = work
    error = await gated.refused(LIST_VARS, WEB)
    info, bad = _details(error)
    assert (error.code(), error.details()) == (code, raised.message)
    assert (info.domain, info.reason, dict(info.metadata)) == ("paas", raised.reason, raised.metadata)
    assert [(each.field, each.description) for each in bad.field_violations] == [
        (each.field, each.description) for each in raised.fields
    ]


@pytest.mark.parametrize(
    "raised",
    [
        ValueError(CANARY),
        KeyError(CANARY),
        UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY),
        AssertionError(CANARY),
        RuntimeError({"value": CANARY}),
        RecursionError(CANARY),
        ExceptionGroup(CANARY, [ValueError(CANARY)]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_other_exceptions_are_a_fixed_sentence_and_an_id(gated: Gated, raised: Exception) -> None:
    async def work(_answer: Any) -> Any:
        local = CANARY
        raise raised from ValueError(local)

    gated.work = work
    with capture_logs() as logs:
        for path in (LIST_VARS, SET_VARS):
            error = await gated.refused(path, WEB)
            info, _ = _details(error)
            assert error.code() is grpc.StatusCode.INTERNAL
            assert info.metadata["error_id"] in error.details()
            assert info.metadata["error_id"] in {line.get("error_id") for line in logs}
            assert CANARY not in str(error.trailing_metadata()) + str(error.details())
    assert CANARY not in str(logs)


async def test_a_failing_stream_ends_with_a_status_too(gated: Gated) -> None:
    async def work(_answer: Any) -> Any:
        raise ValueError(CANARY)

    gated.work = work
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        stream: Any = channel.unary_stream(WATCH)
        call = stream(b"", metadata=gated.signer.user(), timeout=PATIENCE)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in call:
                pass
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert CANARY not in str(caught.value.details())


@pytest.mark.parametrize("raw", [b"\xff", b"\x0a\xff", b"\x0a\x05abc", b"\x0a\x02\xff\xfe", b"\x00" * 50], ids=repr)
async def test_what_is_no_message_is_refused_before_the_method(gated: Gated, raw: bytes) -> None:
    error = await gated.refused(LIST_VARS, raw)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == "The request is not a valid message of this method."
    assert gated.requests == []


async def test_what_a_field_may_not_hold_is_refused_before_the_method(gated: Gated) -> None:
    too_much = config_pb2.SetVarsRequest(app="web", vars=[config_pb2.Assignment(name=CANARY)] * 1001)
    error = await gated.refused(SET_VARS, too_much.SerializeToString())
    _, bad = _details(error)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [each.field for each in bad.field_violations] == ["vars"]
    assert CANARY not in str(error)
    assert gated.requests == []


async def test_a_stranger_is_not_told_whether_a_message_was_right(gated: Gated) -> None:
    for raw in (WEB, b"\xff"):
        error = await gated.refused(LIST_VARS, raw, caller="audit")
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("depth", [10, 100, 101, 1_000, 10_000])
async def test_nested_groups_to_any_depth(gated: Gated, depth: int) -> None:
    """CVE-2025-4565: an unknown group within a group within ... must not end the process."""
    raw = b"\x0b" * depth + b"\x0c" * depth
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        unary: Any = channel.unary_unary(LIST_VARS)
        call = unary(raw, metadata=gated.signer.user(), timeout=PATIENCE)
        # Shallow ones are unknown fields and passed over, deep ones are refused.
        assert await call.code() in {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}
    assert await gated.call(LIST_VARS, WEB)


def _canaries(seed: int) -> bytes:
    """A request with canaries in every field, and some of its bytes changed, cut or doubled."""
    chance = random.Random(seed)
    text = f"{CANARY}-{uuid.UUID(int=chance.getrandbits(128))}"
    request = config_pb2.SetVarsRequest(
        request_id=text,
        app=text if seed % 2 else "web",
        vars=[config_pb2.Assignment(name=text, value=text) for _ in range(chance.randint(0, 3))],
        etag=text,
    )
    raw = bytearray(request.SerializeToString())
    # Fields nobody knows: bytes, a varint, fixed numbers, a group.
    raw += b"\xf2\x3f" + bytes([len(text)]) + text.encode() + b"\xf8\x3f\x01\xf9\x3f" + text.encode()[:8]
    for _ in range(chance.randint(0, 4)):
        place = chance.randrange(len(raw))
        match chance.randrange(3):
            case 0:
                raw[place] = chance.randrange(256)
            case 1:
                del raw[place:]
                raw += b"\x0a"
            case _:
                raw[place:place] = raw[place : place + 9]
    return bytes(raw)


async def test_five_hundred_payloads_with_canaries_leave_no_trace(
    gated: Gated, capfd: pytest.CaptureFixture[str]
) -> None:
    async def work(answer: Any) -> Any:
        value = gated.requests[-1].SerializePartialToString()
        raise ValueError(value)

    gated.work = work
    me = gated.signer.user(permissions=frozenset({"config.write"}))
    nobody = gated.signer.user(permissions=frozenset())
    texts: list[str] = []
    gate = asyncio.Semaphore(16)
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        unary: Any = channel.unary_unary(SET_VARS)

        async def one(seed: int) -> str:
            async with gate:
                try:
                    await unary(_canaries(seed), metadata=me if seed % 3 else nobody, timeout=PATIENCE)
                except grpc.aio.AioRpcError as error:
                    texts.append(f"{error.details()} {error.trailing_metadata()} {error.initial_metadata()}")
                    return error.code().name
                return "OK"

        with capture_logs() as logs:
            codes = await asyncio.gather(*(one(seed) for seed in range(500)))
    assert set(codes) == {"INTERNAL", "INVALID_ARGUMENT", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED"}
    assert len(texts) == 500
    printed = capfd.readouterr()
    for place in (*texts, str(logs), str(gated.denials), printed.out, printed.err):
        assert CANARY not in place
    # The control: the canaries were there to be found.
    assert any(CANARY in str(request.vars) for request in gated.requests)


async def test_more_than_one_identity_is_refused(gated: Gated) -> None:
    (mine,), (other,) = gated.signer.user(), gated.signer.user(subject="user:eve@example.com")
    for pair in ((mine, mine), (mine, other), (other, mine)):
        error = await gated.refused(LIST_VARS, WEB, metadata=pair)
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert gated.requests == []


async def test_a_header_like_ours_is_not_ours(gated: Gated) -> None:
    ((name, value),) = gated.signer.user()
    for other in (f"{name}-", f"x-{name}", "x-paas-identity-bin", "authorization"):
        sent: Any = value.encode() if other.endswith("-bin") else value
        error = await gated.refused(LIST_VARS, WEB, metadata=((other, sent),))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_service_may_carry_a_user_of_the_same_tenant_only(gated: Gated) -> None:
    request = config_pb2.ResolveAppRequest(tenant="acme", app="web").SerializeToString()
    await gated.call(RESOLVE_APP, request, caller="secrets", metadata=())
    await gated.call(RESOLVE_APP, request, caller="secrets", metadata=gated.signer.user())
    error = await gated.refused(RESOLVE_APP, request, caller="secrets", metadata=gated.signer.user(tenant="globex"))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(("app_id", "may"), [("a1", True), ("a2", False), ("", True)])
async def test_a_service_may_carry_a_limited_user_to_their_own_apps_only(app_id: str, *, may: bool) -> None:
    request = config_pb2.ClaimNamesRequest(tenant="acme", app_id=app_id)
    identity = identity_of(apps=frozenset({("web", "a1")}))
    with nullcontext() if may else pytest.raises(PermissionDenied):
        checks._check_carried(identity, "", request)


async def _begin_and_go_away(gated: Gated, *, may_end: asyncio.Event) -> asyncio.Event:
    """Call a method that does something only when it may, and leave before that; the event says when it has."""
    begun, done = asyncio.Event(), asyncio.Event()

    async def work(answer: Any) -> Any:
        begun.set()
        await may_end.wait()
        done.set()
        return answer

    gated.work = work
    async with gated.tls.channel(gated.address, service="config", caller="gateway") as channel:
        unary: Any = channel.unary_unary(SET_VARS)
        call = unary(WEB, metadata=gated.signer.user(), timeout=PATIENCE)
        waiting = asyncio.ensure_future(_outcome(call))
        await begun.wait()
        call.cancel()
        assert await waiting == "cancelled"
    assert not done.is_set()
    return done


async def test_a_client_that_goes_away_does_not_stop_a_commit(gated: Gated) -> None:
    may_end = asyncio.Event()
    done = await _begin_and_go_away(gated, may_end=may_end)
    may_end.set()
    await until(done.is_set)


async def test_the_end_waits_for_what_was_begun(gated: Gated) -> None:
    may_end = asyncio.Event()
    done = await _begin_and_go_away(gated, may_end=may_end)
    finishing = asyncio.ensure_future(gated.gate.finish())
    await asyncio.sleep(0.05)
    assert not finishing.done()
    may_end.set()
    await finishing
    assert done.is_set()


async def test_a_method_without_a_rule_does_not_exist(gated: Gated) -> None:
    for path in ("/paas.config.v1.ConfigService/Nothing", "/paas.secrets.v1.SecretsService/RevealSecret", "/x/y"):
        assert (await gated.refused(path, WEB)).code() is grpc.StatusCode.UNIMPLEMENTED


async def _outcome(call: Any) -> str:
    try:
        await call
    except asyncio.CancelledError:
        return "cancelled"
    return "answered"


async def test_what_is_larger_than_a_request_can_be_is_not_read(gated: Gated) -> None:
    """Half a million empty fields that are nobody's, in a request of two short texts and a number."""
    for raw in (WEB + b"\xfa\x07\x00" * 2000, WEB + b"\xfa\x07\x80\x40" + bytes(8192)):
        error = await gated.refused(LIST_VARS, raw)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert error.details() == "The request is larger than everything that its fields may hold."
    assert gated.requests == []
    await gated.call(LIST_VARS, WEB + b"\xfa\x07\x00" * 1000)  # what only a newer client knows of
