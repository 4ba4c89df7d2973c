"""The whole document: OpenAPI 3.1 (spec.openapis.org), with what holds for all calls."""

from typing import Any, Final

from gateway.methods import public_methods
from protos.comments import comments
from protos.openapi.operations import operation
from protos.openapi.schemas import components

_TEXT: Final = """\
The calls of the gateway in JSON. They are the calls of gRPC, with the same rules, limits and audit events.

Names are as in the contracts. A field or query parameter that a call does not know is refused, and so is one that is \
there twice, or `null`: a field without a value is left out. Of fields that exclude each other one is taken, \
which is a `oneOf` of what is required. Times are RFC 3339, durations seconds with an `s`, \
numbers of 64 bits texts (in a request a number is taken as well). In an answer each field is there, also where it \
holds nothing, but for messages and what is marked optional.

What changes something takes a `request_id`, chosen by the caller: sent again with the same one, it has its effect \
once. A value of a secret and the text of a token stand in bodies and answers alone, never in a path or query."""
_PROBLEMS: Final = {
    "InvalidRequest": "The request holds what it may not, or does not fit the state of things.",
    "NotSignedIn": "There is no token, or it has expired or was revoked.",
    "NotAllowed": "The token may not do this.",
    "NotFound": "What was named is absent, or belongs to someone else: the two are told in the same words.",
    "Conflict": "The name is taken, or something else was changed meanwhile.",
    "TooLarge": "The body is too large.",
    "NoJson": "The content type is not `application/json`.",
    "TooMany": "More than is allowed, at once or in all.",
    "Unavailable": "A service can't be reached; the same may be sent again.",
    "Failed": "Whatever else went wrong.",
}
_STATUS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong (google.rpc.Status). It never holds a value that was sent.",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "integer", "format": "int32", "description": "A code of google.rpc.Code."},
        "message": {"type": "string", "description": "One sentence for people: what is wrong and what to do."},
        "details": {
            "type": "array",
            "description": "google.rpc.ErrorInfo with a `reason` for programs, google.rpc.BadRequest with the "
            "`field_violations`, google.rpc.RetryInfo with a `retry_delay`.",
            "items": {
                "type": "object",
                "required": ["@type"],
                "properties": {
                    "@type": {"type": "string"},
                    "reason": {"type": "string"},
                    "domain": {"type": "string"},
                    "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
                    "field_violations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"field": {"type": "string"}, "description": {"type": "string"}},
                        },
                    },
                    "retry_delay": {"type": "string"},
                },
            },
        },
    },
}


def document() -> dict[str, Any]:
    """Return the document. The same contracts give the same one."""
    methods = [method for method in public_methods() if method.http]
    calls = [method.http for method in methods if method.http]
    paths: dict[str, dict[str, Any]] = {}
    for method, call in zip(methods, calls, strict=True):
        paths.setdefault(call.template, {})[call.verb.lower()] = operation(method)
    services = dict.fromkeys(method.service for method in methods)
    schemas = components([call.request for call in calls], [call.response for call in calls])
    return {
        "openapi": "3.1.0",
        "info": {"title": "PaaS control plane", "version": "v1", "description": _TEXT},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name.rsplit(".", 1)[1], "description": comments()[name]} for name in services],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A personal access token, `paas_pat_…`, or a token of the identity provider.",
                }
            },
            "responses": {name: _problem(text) for name, text in _PROBLEMS.items()},
            "schemas": {"google.rpc.Status": _STATUS, **schemas},
        },
    }


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/google.rpc.Status"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
