"""Which methods the gateway lets through: the public services of the protos, exactly.

The list is read from the descriptors, so that a method added to a contract is routed and nothing else ever is.
It must not hold a list of its own.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import paas
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from paas.access.v1 import access_pb2

from gateway import audit_log, dashboard, leaked_tokens, well_known
from gateway.settings import SingleSignOn
from gateway.upstreams import elsewhere

INTERNAL_SUFFIX = "InternalService"
# The longest a unary call may take, and the cap on what a client's grpc-timeout may ask for. Seconds.
UNARY_TIMEOUT = 30
# A watched release or a followed log may be silent for this long before the gateway ends the stream. Seconds.
STREAM_IDLE_TIMEOUT = 3600
# gRPC in any encoding, which the service judges, and the gRPC-web that Envoy's filter makes gRPC of.
_GRPC = r"application/grpc(\+[^;,]+)?"
_GRPC_WEB = r"application/grpc-web(-text)?(\+proto)?"
CLIENT_ADDRESS = "x-paas-client-address"
"""The header in which a service is told where somebody without a sign-in calls from; only the gateway can set it."""
WITHOUT_TRAILERS = "grpc-without-trailers"
"""The name of the route for gRPC whose answer could not be told to the client, where it has trailers."""
NO_GRPC = "The content type has to be application/grpc or application/grpc-web+proto."
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
# Without a sign-in, and without what is counted for one.
_COUNTS = "envoy.filters.http.lua"
_ASKS_NOBODY: dict[str, Any] = {
    "envoy.filters.http.lua": {"@type": f"{_FILTERS}.lua.v3.LuaPerRoute", "disabled": True},
    "envoy.filters.http.ext_authz": {"@type": f"{_FILTERS}.ext_authz.v3.ExtAuthzPerRoute", "disabled": True},
}
_POST: dict[str, Any] = {"name": ":method", "string_match": {"exact": "POST"}}
# What HTTP clients and Envoy itself say of a request, and no service asks for: who is calling is in the identity. In a
# service each header of a call becomes Python objects, whether it is read or not.
UNREAD_HEADERS = (
    "accept",
    "accept-encoding",
    "baggage",
    "cookie",
    "origin",
    "referer",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-envoy-external-address",
    "x-envoy-internal",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-grpc-web",
    "x-request-id",
    "x-user-agent",
)


@dataclass(frozen=True)
class PublicMethod:
    """One method that may be called from outside."""

    # The service's short name, which is also the name of its upstream: `config`.
    upstream: str
    # The full name of the proto service: `paas.config.v1.ConfigService`.
    service: str
    # `SetVars`.
    method: str
    server_streaming: bool
    # Whether it needs no sign-in: what proves who calls is in the request.
    anyone: bool = False

    @property
    def path(self) -> str:
        """The HTTP/2 path of the method, as gRPC defines it."""
        return f"/{self.service}/{self.method}"


def public_methods() -> tuple[PublicMethod, ...]:
    """The methods of every `paas.<name>.v1` service whose name does not end in InternalService, in order."""
    return tuple(method for file in contracts() for method in methods_of(file))


def contracts() -> Iterator[FileDescriptor]:
    """The proto files of the installed contracts."""
    for package in sorted(module.name for module in pkgutil.iter_modules(paas.__path__)):
        yield importlib.import_module(f"paas.{package}.v1.{package}_pb2").DESCRIPTOR


def methods_of(file: FileDescriptor) -> Iterator[PublicMethod]:
    """The public methods of one proto file. Its package must be `paas.<name>.v1`."""
    upstream = file.package.split(".")[1]
    services: Iterable[ServiceDescriptor] = file.services_by_name.values()
    for service in services:
        if service.name.endswith(INTERNAL_SUFFIX):
            continue
        for method in service.methods:
            yield PublicMethod(
                upstream=upstream,
                service=service.full_name,
                method=method.name,
                server_streaming=method.server_streaming,
                anyone=method.GetOptions().Extensions[access_pb2.rule].anyone,
            )


def route_configuration(
    methods: Iterable[PublicMethod],
    *,
    single_sign_on: SingleSignOn | None = None,
    takes_leaks: bool = False,
    has_pages: bool = False,
) -> dict[str, Any]:
    """Envoy's RouteConfiguration: the dashboard's pages, where there are any; how to sign in, which everybody may ask
    (decision 44); reports of leaked tokens, where they are taken; 415 for what is no gRPC, one exact route a method,
    404 for everything else.
    """
    told = well_known.route(single_sign_on, answered_at_once=_answered_at_once())
    if takes_leaks:
        reported = leaked_tokens.route(asks_nobody=_ASKS_NOBODY)
    else:
        reported = leaked_tokens.absent(answered_at_once=_answered_at_once())
    routes = [
        told,
        reported,
        audit_log.route(),
        _no_grpc(),
        _without_trailers(),
        *(_route(method) for method in methods),
        _nothing_else(),
    ]
    pages = dashboard.routes(asks_nobody=_ASKS_NOBODY, tells_address=_tells_address()) if has_pages else []
    return _configuration([*pages, *map(_without_unread, routes)])


def calls_configuration(methods: Iterable[PublicMethod]) -> dict[str, Any]:
    """The RouteConfiguration of a listener on which nothing is but the methods, which need a sign-in all the same."""
    routes = [*(_route(method) for method in methods if not method.anyone), _nothing_else()]
    return _configuration(list(map(_without_unread, routes)))


def _configuration(routes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "public",
        "virtual_hosts": [{"name": "public", "domains": ["*"], "routes": routes}],
        # Neither may a service tell clients about the inside, nor is there a reason to.
        "response_headers_to_remove": ["server", "x-envoy-upstream-service-time"],
    }


def _without_unread(route: dict[str, Any]) -> dict[str, Any]:
    removed = dict.fromkeys([*route.get("request_headers_to_remove", ()), *UNREAD_HEADERS])
    return {**route, "request_headers_to_remove": list(removed)}


def _route(method: PublicMethod) -> dict[str, Any]:
    action: dict[str, Any] = {
        "cluster": method.upstream,
        # The route's own timeout answers UNAVAILABLE, which clients take for "safe to retry". The stream's
        # duration answers DEADLINE_EXCEEDED, which is what an unknown outcome is.
        "timeout": "0s",
        "retry_policy": {
            # Only where the request can't have reached the service: a change must never be applied twice here.
            "retry_on": "connect-failure,refused-stream,reset-before-request",
            "num_retries": 2,
            **elsewhere(),
        },
    }
    if method.server_streaming:
        action["idle_timeout"] = f"{STREAM_IDLE_TIMEOUT}s"
        action["max_stream_duration"] = {"max_stream_duration": "0s"}
    else:
        action["max_stream_duration"] = {
            "max_stream_duration": f"{UNARY_TIMEOUT}s",
            "grpc_timeout_header_max": f"{UNARY_TIMEOUT}s",
        }
    return {
        "name": f"{method.service}/{method.method}",
        # An exact path: no prefix, so neither `/x/../` nor a missing slash finds a way (CVE-2026-33186).
        "match": {
            "path": method.path,
            "headers": [_POST],
        },
        "route": action,
        **(_without_sign_in() if method.anyone else {}),
    }


def _without_sign_in() -> dict[str, Any]:
    """For a method that anybody may call: tokens is not asked who it is, and the service is told from where it comes.

    A sign-in that comes along is nobody's business. Requests are counted by address all the same, before.
    """
    return {
        "typed_per_filter_config": {name: each for name, each in _ASKS_NOBODY.items() if name != _COUNTS},
        "request_headers_to_remove": ["authorization", "x-paas-identity"],
        "request_headers_to_add": _tells_address(),
    }


def _tells_address() -> list[dict[str, Any]]:
    address = {"key": CLIENT_ADDRESS, "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"}
    return [{"header": address, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]


def _no_grpc() -> dict[str, Any]:
    """415 for a content type that is no gRPC, as gRPC over HTTP/2 asks for ("Requests", Content-Type).

    A service would reset its stream, which is what one that is away looks like. No route is looked for, so what is
    public and what is not are answered alike.
    """
    other = {"invert_match": True, "treat_missing_header_as_empty": True}
    return {
        "name": "no-grpc",
        "match": {"prefix": "", "headers": [_POST, {**_content_type(f"{_GRPC}|{_GRPC_WEB}"), **other}]},
        "direct_response": {"status": 415, "body": {"inline_string": NO_GRPC}},
        **_answered_at_once(),
    }


def _without_trailers() -> dict[str, Any]:
    """For gRPC without `te: trailers`, as over HTTP/1.1, which a service resets as well.

    What it is answered, a gRPC status, is in `gateway.filters.local_replies`.
    """
    no_trailers = {
        "name": "te",
        "string_match": {"exact": "trailers"},
        "invert_match": True,
        "treat_missing_header_as_empty": True,
    }
    return {
        "name": WITHOUT_TRAILERS,
        "match": {"prefix": "", "headers": [_POST, _content_type(_GRPC), no_trailers]},
        "direct_response": {"status": 415},
        **_answered_at_once(),
    }


def _content_type(regex: str) -> dict[str, Any]:
    return {"name": "content-type", "string_match": {"safe_regex": {"regex": regex}}}


def _nothing_else() -> dict[str, Any]:
    """404: gRPC clients see UNIMPLEMENTED."""
    return {
        "name": "none",
        "match": {"prefix": ""},
        "direct_response": {"status": 404},
        **_answered_at_once(),
    }


def _answered_at_once() -> dict[str, Any]:
    """What goes to no service: nobody is asked, or counted, for it, and the rest of the request is not waited for."""
    not_kept = {"envoy.filters.http.buffer": {"@type": f"{_FILTERS}.buffer.v3.BufferPerRoute", "disabled": True}}
    return {"typed_per_filter_config": {**_ASKS_NOBODY, **not_kept}}
