"""Who calls in JSON is asked for, limited and told what goes wrong as over gRPC, with the status of HTTP for it."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from gateway.methods import public_methods
from gateway.routes.browser_headers import POLICY
from tests.fixtures.waiting import until
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.in_json.asking import ask

LIST = "GET /v1/apps/web/configVars"
_HTTP = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}


async def test_without_a_token_nothing_is_called(gateway: Gateway) -> None:
    for method in public_methods():
        if method.http is None or method.anyone:
            continue
        path = method.http.template.replace("{number}", "7").replace("{", "").replace("}", "")
        answer = await ask(gateway, f"{method.http.verb} {path}", {} if method.http.has_body else None, signed_in=False)
        assert answer.reason == (401, 16, "UNAUTHENTICATED"), method
        assert answer.headers["cache-control"] == "no-store"
    assert gateway.arrivals() == []


async def test_browsers_are_told_what_they_may(gateway: Gateway) -> None:
    gateway.services["config"].answers["/paas.config.v1.ConfigService/ListVars"] = b""
    for target in (LIST, "GET /v1/openapi.json", "GET /v1/nowhere", "GET /v1/apps?x=1", "GET /v1/apps/a%2Fb"):
        headers = (await ask(gateway, target)).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"


async def test_a_stranger_is_not_read(gateway: Gateway) -> None:
    """What is wrong with a request is told to those alone who are signed in."""
    answer = await ask(gateway, "POST /v1/apps/web/configVars:set", {"nonsense": 1}, signed_in=False)
    assert answer.status == 401


async def test_the_sign_in_check_sees_the_token_and_no_path(gateway: Gateway) -> None:
    gateway.services["config"].answers["/paas.config.v1.ConfigService/ListVars"] = b""
    await ask(gateway, LIST)
    (request,) = gateway.check.requests
    assert dict(request.attributes.request.http.headers).keys() == {"authorization"}


@pytest.mark.parametrize("code", _HTTP)
async def test_an_error_of_a_service_has_its_status(gateway: Gateway, code: grpc.StatusCode) -> None:
    gateway.services["config"].abort_with = code
    answer = await ask(gateway, LIST)
    assert (answer.status, answer.document) == (
        _HTTP[code],
        {"code": code.value[0], "message": "as told", "details": []},
    )
    assert answer.headers["cache-control"] == "no-store"
    assert not answer.headers.keys() & {"grpc-status", "grpc-message", "grpc-status-details-bin"}


async def test_the_details_of_an_error_are_told(gateway: Gateway) -> None:
    status = status_pb2.Status(code=3, message="Wrong.")
    violation = error_details_pb2.BadRequest.FieldViolation(field="vars[0].name", description="is none")
    details: list[Any] = [
        error_details_pb2.ErrorInfo(reason="INVALID_INPUT", domain="paas", metadata={"k": "v"}),
        error_details_pb2.BadRequest(field_violations=[violation]),
    ]
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    gateway.services["config"].abort_details = status.SerializeToString()
    gateway.services["config"].abort_with = grpc.StatusCode.INVALID_ARGUMENT
    answer = await ask(gateway, LIST)
    assert answer.reason == (400, 3, "INVALID_INPUT")
    assert answer.document["details"][0]["metadata"] == {"k": "v"}
    (told,) = answer.document["details"][1]["field_violations"]
    assert (told["field"], told["description"]) == ("vars[0].name", "is none")


async def test_an_answer_that_json_can_not_tell_is_no_fault_of_the_request(gateway: Gateway) -> None:
    gateway.services["config"].answers["/paas.config.v1.ConfigService/ListVars"] = b"\x0a\x06answer"
    answer = await ask(gateway, LIST)
    assert answer.reason == (502, 13, "INTERNAL")
    assert answer.message == "The call was made, and its answer can't be told in JSON."


async def test_a_service_that_is_away(gateway: Gateway) -> None:
    async with gateway.without("audit"):
        answer = await ask(gateway, "GET /v1/auditEvents")
    assert answer.reason == (503, 14, "UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"


async def test_a_check_that_can_not_be_made(hasty: Gateway) -> None:
    hasty.check.delay = 3600
    answer = await ask(hasty, LIST)
    assert answer.reason == (503, 14, "UNAVAILABLE")
    assert answer.message == "Who is calling could not be checked, so nothing was done. Try again in a moment."
    assert hasty.arrivals() == []


async def test_a_request_that_does_not_come(hasty: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.base_port)
    head = "POST /v1/apps/web/configVars:set HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}authorization: Bearer good\r\ncontent-length: 9\r\n\r\n{{".encode())
    answered = await reader.readuntil(b"\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 408 ")
    length = int(answered.lower().split(b"content-length: ")[1].split()[0])
    assert b"REQUEST_INCOMPLETE" in await reader.readexactly(length)
    writer.close()
    assert hasty.begun() == []


async def test_who_is_refused_again_and_again_is_slowed_in_json_too(gateway: Gateway) -> None:
    """As over gRPC (test_slowed); here, that refusals in JSON count. Nothing else has a limit that is met here."""
    gateway.check.holds_seconds = 1
    gateway.services["config"].abort_with = grpc.StatusCode.RESOURCE_EXHAUSTED

    async def is_slowed() -> bool:
        answers = await asyncio.gather(*(ask(gateway, LIST, source="127.0.0.72") for _ in range(48)))
        assert {answer.status for answer in answers} == {429}
        return any(answer.document["details"] for answer in answers)

    await until(is_slowed)
    gateway.forget()
    await asyncio.sleep(2.1)
