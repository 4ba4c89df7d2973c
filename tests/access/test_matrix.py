"""Every method as every kind of caller equals the reviewed table.

Covers: what is served is what the table has, each outcome, that a denial is a denial with our details and never an
accident. Leaves out what a method does once its caller is admitted, and the gateway (tests/integration).
"""

import asyncio

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id, utc_now
from tests.access import table
from tests.access.callers import EVERY_PERMISSION, Kind, Outcome, expected, kinds
from tests.access.house import House
from tests.access.methods import SERVERS, Method, every_method, services_of

_AT_ONCE = 32
_DENIED = {
    grpc.StatusCode.UNAUTHENTICATED: Outcome.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED: Outcome.PERMISSION_DENIED,
}
_BARE = {grpc.StatusCode.UNAVAILABLE: Outcome.UNREACHED, grpc.StatusCode.UNIMPLEMENTED: Outcome.ABSENT}
# Ends that no call may come to: an accident of ours, a method that isn't there, a part that is away.
_ACCIDENTS = {
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


def test_the_table_has_exactly_what_is_served() -> None:
    served = {method.path for method in every_method()}
    rows = [*table.USERS, *table.ANYBODY, *table.SERVICES, *table.ANY_CERTIFICATE, *table.NOBODY]
    assert len(rows) == len(set(rows)), "a method has two rows"
    assert set(rows) == served


@pytest.mark.parametrize("server", SERVERS)
async def test_servers_serve_nothing_that_the_descriptors_lack(house: House, server: str) -> None:
    reflect = next(method for method in every_method() if method.server == server and "ServerReflection" in method.path)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answer = reflection_pb2.ServerReflectionResponse.FromString(
        await house.ask(reflect, Kind(certificate="operator"), request)
    )
    served = {each.name for each in answer.list_services_response.service}
    assert served == {service.full_name for service in services_of(server)}


def test_table_knows_which_methods_name_an_app_or_a_tenant() -> None:
    for method in every_method():
        fields = set(method.descriptor.input_type.fields_by_name)
        if method.path in table.USERS:
            names_none = not {"app", "group"} & fields  # a token is limited to groups as it is to apps
            assert (method.path in table.WITHOUT_APP | table.OF_ALL_APPS) == names_none, method.path
        if method.path in table.SERVICES:
            assert (method.path in table.NAMES_TENANT) == ("tenant" in fields), method.path
            assert (method.path in table.NAMES_APP) == ("app" in fields), method.path


async def test_every_method_as_every_kind_of_caller(house: House) -> None:
    await _furnish(house)
    gate = asyncio.Semaphore(_AT_ONCE)
    calls = [(method, kind) for method in every_method() for kind in kinds()]
    found = await asyncio.gather(*(_outcome(house, gate, method, kind) for method, kind in calls))
    wrong = [
        f"{method.path} at {method.server} as {kind}: {outcome}, not {expected(method.path, kind)}"
        for (method, kind), outcome in zip(calls, found, strict=True)
        if outcome != expected(method.path, kind)
    ]
    assert not wrong, f"{len(wrong)} of {len(calls)}:\n" + "\n".join(wrong[:40])
    # A control: had every call ended alike, the comparison would say little.
    assert {str(outcome) for outcome in found} == {str(outcome) for outcome in Outcome}


async def _furnish(house: House) -> None:
    """Give acme the app that all requests name, and an event that followers are sent at once."""
    admin = Kind(certificate="gateway", permissions=EVERY_PERMISSION)
    methods = {method.path: method for method in every_method()}
    create = config_pb2.CreateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec())
    await house.ask(methods["/paas.config.v1.ConfigService/CreateApp"], admin, create)
    events = []
    for tenant in ("acme", "globex"):
        event = audit_pb2.Event(
            event_id=random_id(),
            tenant=tenant,
            action="config.set",
            actor="user:ada@example.com",
            app="web",
            outcome=audit_pb2.OUTCOME_OK,
        )
        event.occurred_at.FromDatetime(utc_now())
        events.append(event)
    append = methods["/paas.audit.v1.AuditInternalService/AppendEvents"]
    await house.ask(append, Kind(certificate="config"), audit_pb2.AppendEventsRequest(events=events))


async def _outcome(house: House, gate: asyncio.Semaphore, method: Method, kind: Kind) -> str:
    # Requests name the app and the tenant that a limited or foreign identity must not reach, and are wrong enough
    # otherwise that nothing is changed where they are admitted.
    request = method.request(app="web", group="web", tenant="acme", after_sequence=-1)
    if isinstance(request, audit_pb2.ListEventsRequest):
        request.after_sequence = 0  # the oldest, where for followers it is what is still to come
    if isinstance(request, config_pb2.DiscardStagedRequest | secrets_pb2.DiscardStagedRequest):
        request.names.append("no name")  # without names it needs the permission to see them as well
    async with gate:
        try:
            await house.ask(method, kind, request)
        except grpc.aio.AioRpcError as error:
            return _judged(error)
    return Outcome.ADMITTED


def _judged(error: grpc.aio.AioRpcError) -> str:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # an AioRpcError has what it reads of a call
    if status is None:
        # Nobody of ours answered: the handshake failed, or there is no such method.
        return _BARE.get(error.code(), f"bare {error.code().name}")
    if error.code() in _ACCIDENTS:
        return error.code().name
    if error.code() not in _DENIED:
        return Outcome.ADMITTED
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    if (info.domain, info.reason) != ("paas", error.code().name):
        return f"{error.code().name} with reason {info.reason}"
    return _DENIED[error.code()]
