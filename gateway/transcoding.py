"""gRPC for those who speak plain HTTP: Envoy's gRPC-JSON transcoder, on the routes that ask for it and on no other.

How a method is called over HTTP stands in its contract (`google.api.http`), and a body in it as `google.api.HttpBody`
goes through byte for byte. A route that has some of it has `enabled()` among its per-filter configurations, and is
found by the path that the client asked for. To transcode a further service, add its file to `_TRANSCODED`.
"""

import base64
from typing import Any, Final

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.rpc import error_details_pb2
from paas.audit.v1 import audit_pb2
from paas.leaks.v1 import leaks_pb2

FILTER: Final = "envoy.filters.http.grpc_json_transcoder"
_TRANSCODED: Final[tuple[FileDescriptor, ...]] = (audit_pb2.DESCRIPTOR, leaks_pb2.DESCRIPTOR)
# What the details of our errors are, so that they are told as JSON too.
_DETAILS: Final[FileDescriptor] = error_details_pb2.DESCRIPTOR
MAX_BODY_BYTES: Final = 768 * 1024
"""What is taken of a request that is transcoded, all of which is kept in memory until its end."""


def transcoder() -> dict[str, Any]:
    """The HTTP filter, which leaves alone what comes on a route that does not enable it."""
    return {
        "name": FILTER,
        "disabled": True,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
            "proto_descriptor_bin": base64.b64encode(_descriptors()).decode(),
            "services": [service.full_name for file in _TRANSCODED for service in file.services_by_name.values()],
            "match_incoming_request_route": True,
            # An error is told with its HTTP status, as google.rpc.Status in JSON.
            "convert_grpc_status": True,
            "max_request_body_size": MAX_BODY_BYTES,
            "request_validation_options": {"reject_unknown_method": True},
        },
    }


def enabled() -> dict[str, Any]:
    """The per-filter configuration of a route whose requests are transcoded."""
    return {FILTER: {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}}


def _descriptors() -> bytes:
    """The contracts with all that they import, each after what it imports: the same ones give the same bytes."""
    found: dict[str, FileDescriptor] = {}

    def add(file: FileDescriptor) -> None:
        for imported in file.dependencies:
            add(imported)
        found.setdefault(file.name, file)

    for file in (*_TRANSCODED, _DETAILS):
        add(file)
    files = FileDescriptorSet()
    for file in found.values():
        file.CopyToProto(files.file.add())
    return files.SerializeToString(deterministic=True)
