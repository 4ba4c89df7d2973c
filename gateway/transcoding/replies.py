"""What whoever calls in JSON is told by the gateway itself: google.rpc.Status, as services tell it, with constant text.

Envoy's own words about a request that it can't transcode may hold parts of it, so none of them gets out.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gateway.methods import JSON_PREFIX

NOT_CHECKED: Final = "Who is calling could not be checked, so nothing was done. Try again in a moment."
ROUTES: Final = "json/"
"""What the names of the routes of calls in JSON begin with."""


def status(code: int, reason: str, message: str) -> str:
    """Return a google.rpc.Status in JSON. `code` is google.rpc.Code, `reason` one of `paaskit.errors`."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "paas", "metadata": {}}
    return json.dumps({"code": code, "message": message, "details": [info]})


@dataclass(frozen=True)
class _Reply:
    """What is said when Envoy answers for a reason (`response.code_details`): a condition, in CEL."""

    when: str
    http: int
    code: int
    reason: str
    message: str
    retry_after: int | None = None


_BECAUSE: Final = "response.code_details == '{}'"
_REPLIES: Final = (
    _Reply(
        _BECAUSE.format("ext_authz_denied"),
        401,
        16,
        "UNAUTHENTICATED",
        "You are not signed in, or your token has expired or was revoked. Send a token that is valid as "
        "`Authorization: Bearer`.",
    ),
    _Reply(
        _BECAUSE.format("ext_authz_error"),
        503,
        14,
        "UNAVAILABLE",
        NOT_CHECKED,
        retry_after=1,
    ),
    _Reply(
        _BECAUSE.format("fault_filter_abort"),
        429,
        8,
        "TOO_MANY_REQUESTS",
        "Too many requests at once with this token, or from this address. Nothing was done; try again in a moment.",
        retry_after=1,
    ),
    _Reply(
        _BECAUSE.format("max_duration_timeout"),
        504,
        4,
        "DEADLINE_EXCEEDED",
        "The call took too long and may have had its effect. Look before sending it again, or repeat the request_id.",
    ),
    _Reply(
        _BECAUSE.format("request_overall_timeout"),
        408,
        4,
        "REQUEST_INCOMPLETE",
        "The request did not come in time, so nothing was done.",
    ),
    _Reply(_BECAUSE.format("request_payload_too_large"), 413, 8, "MESSAGE_TOO_LARGE", "The request is too large."),
    # What a service has answered can't be told in JSON: that is no fault of the request, and it had its effect.
    _Reply(
        "response.code_details.contains('grpc_json_transcode_failure') && has(upstream.address)",
        502,
        13,
        "INTERNAL",
        "The call was made, and its answer can't be told in JSON.",
    ),
    _Reply(
        "response.code_details.contains('grpc_json_transcode_failure')",
        400,
        3,
        "INVALID_INPUT",
        "The request can't be read as this call. /v1/openapi.json says what the call takes.",
    ),
    # What is left: no connection, none that is well, or one that ended.
    _Reply(
        "response.code >= 500 && response.code_details != 'via_upstream'",
        503,
        14,
        "UNAVAILABLE",
        "The service could not be reached. Try again in a moment, with the same request_id if the call has one.",
        retry_after=1,
    ),
)


# Before there is a route: paths with %2F, %5C or %00, which Envoy does not normalise.
_NO_PATH: Final = _Reply(
    f"!has(xds.route_name) && response.code == 400 && request.path.startsWith('{JSON_PREFIX}')",
    400,
    3,
    "INVALID_INPUT",
    "The path has what no path may have, such as an escaped slash.",
)


def json_replies(when: Callable[[str], dict[str, Any]], *, without_route: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mappers of the gateway's own answers to calls in JSON. `when` makes a filter of a condition in CEL.

    `without_route` has the headers of what is refused before it is known where it goes.
    """
    of_routes = f"xds.route_name.startsWith('{ROUTES}') && "
    return [
        *(_mapper(reply, when(of_routes + reply.when), []) for reply in _REPLIES),
        _mapper(_NO_PATH, when(_NO_PATH.when), without_route),
    ]


def _mapper(reply: _Reply, matched: dict[str, Any], headers: list[dict[str, Any]]) -> dict[str, Any]:
    retry = [{"header": {"key": "retry-after", "value": str(reply.retry_after)}}] if reply.retry_after else []
    # In Envoy's format a percent sign begins a command, and there is none in what is said.
    body = status(reply.code, reply.reason, reply.message)
    return {
        "filter": matched,
        "status_code": reply.http,
        "body_format_override": {"text_format_source": {"inline_string": body}, "content_type": "application/json"},
        "headers_to_add": [*headers, *retry],
    }
