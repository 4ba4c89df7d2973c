"""The routes of methods over gRPC: an exact path each, for POST, with its time and what is tried again."""

from typing import Any

from gateway.limits.bounds import STREAM_IDLE_TIMEOUT, UNARY_TIMEOUT
from gateway.methods import PublicMethod
from gateway.routes.without_sign_in import for_anybody
from gateway.upstreams import elsewhere


def route(method: PublicMethod) -> dict[str, Any]:
    """Return the route of a method."""
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
            "headers": [{"name": ":method", "string_match": {"exact": "POST"}}],
        },
        "route": action,
        **(for_anybody() if method.anyone else {}),
    }
