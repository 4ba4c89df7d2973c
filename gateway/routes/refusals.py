"""What is refused before a service hears of it: what is no gRPC, gRPC without trailers, a path that is none."""

from typing import Any, Final

from gateway.methods import JSON_PREFIX
from gateway.routes.without_sign_in import answered_at_once

# gRPC in any encoding, which the service judges, and the gRPC-web that Envoy's filter makes gRPC of.
_GRPC: Final = r"application/grpc(\+[^;,]+)?"
_GRPC_WEB: Final = r"application/grpc-web(-text)?(\+proto)?"
WITHOUT_TRAILERS: Final = "grpc-without-trailers"
"""The name of the route for gRPC whose answer could not be told to the client, where it has trailers."""
_NO_GRPC: Final = "The content type has to be application/grpc or application/grpc-web+proto."
_POST: Final[dict[str, Any]] = {"name": ":method", "string_match": {"exact": "POST"}}


def no_grpc() -> dict[str, Any]:
    """415 for a content type that is no gRPC, as gRPC over HTTP/2 asks for ("Requests", Content-Type).

    A service would reset its stream, which is what one that is away looks like. No route is looked for, so what is
    public and what is not are answered alike. Calls in JSON have answers of their own.
    """
    in_json = {"name": ":path", "string_match": {"prefix": JSON_PREFIX}, "invert_match": True}
    other = {"invert_match": True, "treat_missing_header_as_empty": True}
    return {
        "name": "no-grpc",
        "match": {"prefix": "", "headers": [_POST, {**_content_type(f"{_GRPC}|{_GRPC_WEB}"), **other}, in_json]},
        "direct_response": {"status": 415, "body": {"inline_string": _NO_GRPC}},
        **answered_at_once(),
    }


def without_trailers() -> dict[str, Any]:
    """For gRPC without `te: trailers`, as over HTTP/1.1, which a service resets as well.

    What it is answered, a gRPC status, is in `gateway.listeners.local_replies`.
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
        **answered_at_once(),
    }


def _content_type(regex: str) -> dict[str, Any]:
    return {"name": "content-type", "string_match": {"safe_regex": {"regex": regex}}}


def nothing_else() -> dict[str, Any]:
    """404: gRPC clients see UNIMPLEMENTED."""
    return {
        "name": "none",
        "match": {"prefix": ""},
        "direct_response": {"status": 404},
        **answered_at_once(),
    }
