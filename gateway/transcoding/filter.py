"""Envoy's gRPC-JSON transcoder, which does nothing but on the routes that ask for it.

A body in a contract as `google.api.HttpBody` goes through byte for byte. A route that has something transcoded has
`enabled()` among its per-filter configurations, and is found by the path that the client asked for.
"""

import base64
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.rpc import error_details_pb2

from gateway.limits.bounds import MAX_ANSWER_BYTES, MAX_BODY_BYTES
from gateway.methods import HTTP, contracts

FILTER: Final = "envoy.filters.http.grpc_json_transcoder"
# What the details of our errors are, so that they are told as JSON too.
_DETAILS: Final[FileDescriptor] = error_details_pb2.DESCRIPTOR


def transcoder() -> dict[str, Any]:
    """The HTTP filter, which leaves alone what comes on a route that does not enable it."""
    return {
        "name": FILTER,
        "disabled": True,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
            "proto_descriptor_bin": base64.b64encode(_descriptors()).decode(),
            "services": [service.full_name for service in _services()],
            "match_incoming_request_route": True,
            # An error is told with its HTTP status, as google.rpc.Status in JSON.
            "convert_grpc_status": True,
            "max_request_body_size": MAX_BODY_BYTES,
            "max_response_body_size": MAX_ANSWER_BYTES,
            # Names as in the contract, in answers too; and a field that holds nothing is there all the same, for
            # programs that look for it by its path.
            "print_options": {"preserve_proto_field_names": True, "always_print_primitive_fields": True},
            "url_unescape_spec": "ALL_CHARACTERS",
            "query_param_unescape_plus": True,
            "request_validation_options": {
                "reject_unknown_method": True,
                "reject_unknown_query_parameters": True,
                "reject_binding_body_field_collisions": True,
            },
        },
    }


def enabled() -> dict[str, Any]:
    """The per-filter configuration of a route whose requests are transcoded."""
    return {FILTER: {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}}


def _services() -> Iterator[ServiceDescriptor]:
    """The services with a method that says how it is called over HTTP."""
    for file in contracts():
        for service in file.services_by_name.values():
            if any(method.GetOptions().HasExtension(HTTP) for method in service.methods):
                yield service


def _descriptors() -> bytes:
    """The contracts with all that they import, each after what it imports: the same ones give the same bytes."""
    found: dict[str, FileDescriptor] = {}

    def add(file: FileDescriptor) -> None:
        for imported in file.dependencies:
            add(imported)
        found.setdefault(file.name, file)

    for file in (*(service.file for service in _services()), _DETAILS):
        add(file)
    files = FileDescriptorSet()
    for file in found.values():
        file.CopyToProto(files.file.add())
    return files.SerializeToString(deterministic=True)
