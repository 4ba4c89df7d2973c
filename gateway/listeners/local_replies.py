"""What the gateway says itself, where Envoy's own answer would mislead: a status, a sentence, no word of Envoy's.

What is told in JSON is in `gateway.transcoding.replies`.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway.filters.sign_in import RESOURCE_EXHAUSTED
from gateway.routes import audit_log, dashboard, leaked_tokens
from gateway.routes.browser_headers import browser_headers
from gateway.routes.refusals import WITHOUT_TRAILERS
from gateway.transcoding.replies import NOT_CHECKED, json_replies
from gateway.transcoding.replies import ROUTES as JSON_ROUTES

# google.rpc.Code.
_INVALID_ARGUMENT: Final = 3
_DEADLINE_EXCEEDED: Final = 4
_UNAVAILABLE: Final = 14
# Envoy's reason for an answer.
_BECAUSE: Final = "response.code_details == '{}'"
# Whoever asked in plain HTTP is answered in it: gRPC's 200 would be taken for success.
_ASKED_IN_GRPC: Final = (
    f"!(xds.route_name in ['{leaked_tokens.ROUTE}', '{audit_log.ROUTE}', '{dashboard.ROUTE}'])"
    f" && !xds.route_name.startsWith('{JSON_ROUTES}')"
)
TOO_MANY: Final = (
    "Too many requests at once with this token, or from this address. Nothing was done; try again in a moment."
)
NO_TRAILERS: Final = "gRPC needs HTTP/2 and the header te: trailers; over HTTP/1.1, send application/grpc-web+proto."
_UNAVAILABLE_HEADER: Final = "x-paas-unavailable"


def local_replies(*, hsts: str = "") -> dict[str, Any]:
    """Sets apart some of the gateway's own answers that would look like any other UNAVAILABLE.

    A sign-in check that could not be made is no denial and no dead service: `x-paas-unavailable: tokens` says so.
    A call that ran out of time may have had its effect: DEADLINE_EXCEEDED, so that nobody takes it for undone.
    A request that did not come in time, or is too large, had none, and will have none when it is sent again as it is;
    nor will gRPC whose client can't be told the status of its call. Whoever asked in plain HTTP is told in it. What is
    refused before it is known where it goes, as for its headers, says what browsers may; `hsts` is as elsewhere.
    """
    return {
        "mappers": [
            _reply(
                _BECAUSE.format("fault_filter_abort"),
                {"grpc-status": str(RESOURCE_EXHAUSTED), "grpc-message": TOO_MANY},
            ),
            _reply(
                _BECAUSE.format("ext_authz_error"),
                {_UNAVAILABLE_HEADER: "tokens", "grpc-status": str(_UNAVAILABLE), "grpc-message": NOT_CHECKED},
            ),
            _reply(_BECAUSE.format("max_duration_timeout"), {"grpc-status": str(_DEADLINE_EXCEEDED)}),
            _reply(
                _BECAUSE.format("request_overall_timeout"),
                {"grpc-status": str(_DEADLINE_EXCEEDED), "grpc-message": "The request did not come in time."},
            ),
            _reply(
                _BECAUSE.format("request_payload_too_large"),
                {"grpc-status": str(RESOURCE_EXHAUSTED), "grpc-message": "The request is too large."},
            ),
            _reply(
                f"xds.route_name == '{WITHOUT_TRAILERS}'",
                {"grpc-status": str(_INVALID_ARGUMENT), "grpc-message": NO_TRAILERS},
            ),
            *json_replies(_when, without_route=browser_headers(hsts)),
            {"filter": _when("!has(xds.route_name)"), "headers_to_add": browser_headers(hsts)},
        ]
    }


def _reply(condition: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A mapper for those of Envoy's own answers to gRPC for which a condition holds, in CEL.

    Status 200 and the gRPC content type make it a gRPC answer already, so that grpc_web does not derive another
    grpc-status from the HTTP status; plain gRPC calls get the same.
    """
    return {
        "filter": _when(f"{condition} && {_ASKED_IN_GRPC}"),
        "status_code": 200,
        "body_format_override": {"text_format_source": {"inline_string": ""}, "content_type": "application/grpc"},
        "headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for key, value in headers.items()
        ],
    }


def _when(expression: str) -> dict[str, Any]:
    """A filter for what CEL says of an answer."""
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
                "expression": expression,
            },
        }
    }
