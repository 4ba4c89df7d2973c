"""How methods are called in JSON, as the contracts have it, and what Envoy is configured to make of it.

Leaves out what Envoy then does (tests/integration/gateway/in_json).
"""

import base64
import re
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from gateway.filters.chain import http_filters
from gateway.methods import HttpCall, PublicMethod, public_methods
from gateway.routes.table import calls_configuration, route_configuration
from gateway.transcoding.filter import transcoder
from gateway.transcoding.shapes import kind_of, lua_tables

METHODS = public_methods()
CALLS = [method for method in METHODS if method.http]
# Found by paths of their own (gateway/routes/audit_log.py).
_ELSEWHERE = {"/paas.audit.v1.AuditService/ReadLogFile"}


def _ids(method: PublicMethod) -> str:
    return method.path


def _http(method: PublicMethod) -> HttpCall:
    assert method.http is not None
    return method.http


def test_every_method_is_called_in_json_but_those_that_answer_bit_by_bit() -> None:
    assert {method.path for method in METHODS if not method.http} == {
        method.path for method in METHODS if method.server_streaming
    }


@pytest.mark.parametrize("method", CALLS, ids=_ids)
def test_no_value_stands_in_a_path_or_a_query(method: PublicMethod) -> None:
    call = _http(method)
    in_target = call.bound if call.has_body else [field.name for field in call.request.fields]
    assert not [name for name in in_target if call.request.fields_by_name[name].GetOptions().debug_redact]
    assert all(kind_of(call.request.fields_by_name[name]) != "object" for name in in_target)


@pytest.mark.parametrize("method", CALLS, ids=_ids)
def test_a_path_is_a_resource_or_a_method_of_one(method: PublicMethod) -> None:
    """AIP-122 and AIP-136: names of collections in camel case, variables between them, a verb after a colon."""
    call = _http(method)
    assert re.fullmatch(r"/v1(/[a-z][A-Za-z]*(/\{[a-z_]+\})?)+(:[a-z][A-Za-z]*)?", call.template)
    assert call.template.count(":") == 0 or call.verb in {"GET", "POST"}
    assert call.has_body == (call.verb in {"POST", "PUT"})
    kinds = {call.request.fields_by_name[name].type for name in call.bound}
    assert kinds <= {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_INT64}


@pytest.mark.parametrize("method", CALLS, ids=_ids)
def test_what_reads_is_a_get_and_what_reveals_is_not(method: PublicMethod) -> None:
    """GET is what browsers, caches and proxies repeat and remember: nothing that changes or reveals may be one."""
    reads = method.method.startswith(("Get", "List", "Find", "Summarize", "WhoAmI"))
    assert (_http(method).verb == "GET") == reads


def test_no_two_calls_are_one() -> None:
    assert len({(_http(method).verb, _http(method).template) for method in CALLS}) == len(CALLS)
    for method in CALLS:
        path = re.sub(r"\{\w+\}", "7", _http(method).template)
        found = [
            other
            for other in CALLS
            if _http(other).verb == _http(method).verb and re.fullmatch(_http(other).path_regex(), path)
        ]
        # `/v1/tokens/{token}` has `/v1/tokens/7:rotate` as well, by another verb of HTTP.
        assert found == [method]


def test_a_route_in_json_is_the_route_of_grpc_by_another_path() -> None:
    routes = {route["name"]: route for route in _routes(route_configuration(METHODS))}
    for method in CALLS:
        name = f"{method.service}/{method.method}"
        assert routes[f"json/{name}"]["route"] == routes[name]["route"]
        unchecked = [
            "envoy.filters.http.ext_authz" in routes[each].get("typed_per_filter_config", {})
            for each in (name, f"json/{name}")
        ]
        assert unchecked == [method.anyone, method.anyone]


def test_the_listener_of_the_dashboard_has_none_of_it() -> None:
    names = [route["name"] for route in _routes(calls_configuration(METHODS))]
    assert not [name for name in names if name.startswith("json/") or name == "openapi"]


def test_filters_of_json_are_off_but_on_its_routes() -> None:
    """So that a call over gRPC-web costs what it did."""
    filters = {each["name"]: each for each in http_filters(in_json=METHODS)}
    ours = ["paas.json_whole", "paas.json_read", "envoy.filters.http.grpc_json_transcoder"]
    assert all(filters[name]["disabled"] for name in ours)
    order = list(filters)
    assert order.index("envoy.filters.http.ext_authz") < order.index(ours[0])
    assert [name for name in order if name in ours] == ours
    for route in _routes(route_configuration(METHODS)):
        enabled = {name for name in ours if name in route.get("typed_per_filter_config", {})}
        expected = {"audit-log": set(ours[2:]), "leaked-tokens": set(ours[2:])}
        assert enabled == expected.get(route["name"], set(ours) if route["name"].startswith("json/paas.") else set())


def test_the_transcoder_has_no_service_of_services_but_reports_of_leaks() -> None:
    configured = transcoder()["typed_config"]
    files = FileDescriptorSet.FromString(base64.b64decode(configured["proto_descriptor_bin"]))
    known = {f"{file.package}.{service.name}" for file in files.file for service in file.service}
    assert set(configured["services"]) <= known
    internal = [name for name in configured["services"] if name.endswith("InternalService")]
    assert internal == ["paas.leaks.v1.LeaksInternalService"]


def test_the_shapes_of_requests_are_of_all_that_they_hold() -> None:
    tables = lua_tables(_http(method).request for method in CALLS)
    assert '["paas.config.v1.Adopted"]' in tables
    assert '["until"] = { kind = "time" }' in tables
    assert '["random"] = { kind = "object", oneof = "source", of = "paas.secrets.v1.RandomValue" }' in tables
    assert '["vars"] = { kind = "object", most = 1000, of = "paas.config.v1.Assignment" }' in tables


def _routes(configuration: dict[str, Any]) -> list[dict[str, Any]]:
    routes: list[dict[str, Any]] = configuration["virtual_hosts"][0]["routes"]
    return routes
