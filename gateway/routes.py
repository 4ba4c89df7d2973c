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

INTERNAL_SUFFIX = "InternalService"
# The longest a unary call may take, and the cap on what a client's grpc-timeout may ask for. Seconds.
UNARY_TIMEOUT = 30
# A watched release or a followed log may be silent for this long before the gateway ends the stream. Seconds.
STREAM_IDLE_TIMEOUT = 3600


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
            )


def route_configuration(methods: Iterable[PublicMethod]) -> dict[str, Any]:
    """Envoy's RouteConfiguration: one exact route a method, then 404 for everything else."""
    routes = [_route(method) for method in methods]
    return {
        "name": "public",
        "virtual_hosts": [{"name": "public", "domains": ["*"], "routes": [*routes, _nothing_else()]}],
        # Neither may a service tell clients about the inside, nor is there a reason to.
        "response_headers_to_remove": ["server", "x-envoy-upstream-service-time"],
    }


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
            "headers": [{"name": ":method", "string_match": {"exact": "POST"}}],
        },
        "route": action,
    }


def _nothing_else() -> dict[str, Any]:
    """404 without asking who is calling: gRPC clients see UNIMPLEMENTED, and tokens is not troubled."""
    return {
        "name": "none",
        "match": {"prefix": ""},
        "direct_response": {"status": 404},
        "typed_per_filter_config": {
            "envoy.filters.http.ext_authz": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
                "disabled": True,
            }
        },
    }
