"""What happens to a request on its way through the gateway, in order, and what is written down about it.

1. headers that only the gateway may set are removed, before anything reads them;
2. grpc_web turns a browser's or the CLI's framing into gRPC;
3. local_ratelimit refuses what is over the limits of its route, where that has some;
4. lua lets in again who was let in within the last second, for as long as `tokens` said that this holds, and says who
   is to be refused, and after how long;
5. fault refuses them;
6. ext_authz asks `tokens` who else is calling: no answer, no entry;
7. grpc_json_transcoder makes gRPC of plain HTTP, on the routes that say so (`gateway.transcoding`);
8. buffer keeps a request until all of it has come, so that one without its message takes no place in a service;
9. router.

The sign-in check comes after grpc_web so that a denial is answered in the caller's own framing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway import audit_log, dashboard, leaked_tokens
from gateway.routes import WITHOUT_TRAILERS
from gateway.transcoding import transcoder
from gateway.upstreams import elsewhere

SIGN_IN_CHECK = "sign-in-check"
"""The cluster of the sign-in check, which tokens serves apart from everything else."""
_SIGN_INS = Path(__file__).parent / "sign_ins.lua"
_TYPE = "type.googleapis.com/envoy.extensions"
# Seconds. tokens answers in milliseconds; a check that takes longer counts as one that could not be made.
CHECK_TIMEOUT = 2
# Seconds until all of a request must have come. A little more than the check, which goes on meanwhile and says
# something else when it fails.
REQUEST_TIMEOUT = 2.2
# Services take a message of 1 MiB; the rest is for its frame.
MAX_REQUEST_BYTES = 1024 * 1024 + 64 * 1024
# google.rpc.Code.
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
RESOURCE_EXHAUSTED = 8
UNAVAILABLE = 14
# Envoy's reason for an answer.
_BECAUSE = "response.code_details == '{}'"
# Whoever asked in plain HTTP is answered in it: gRPC's 200 would be taken for success.
_ASKED_IN_GRPC = f"!(xds.route_name in ['{leaked_tokens.ROUTE}', '{audit_log.ROUTE}', '{dashboard.ROUTE}'])"
TOO_MANY = "Too many requests at once with this token, or from this address. Nothing was done; try again in a moment."
NO_TRAILERS = "gRPC needs HTTP/2 and the header te: trailers; over HTTP/1.1, send application/grpc-web+proto."
UNAVAILABLE_HEADER = "x-paas-unavailable"
# `x-paas-` carries the signed identity. `x-envoy-` would let a client on a private address choose its own
# timeouts and retries. `x-forwarded-` would let it choose the address that the audit log records.
TRUSTED_PREFIXES = ("x-paas-", "x-envoy-", "x-forwarded-")
FOR = "x-forwarded-for"
"""Where the dashboard says from which address the person came for whom it calls."""


def header_cleaning(*, keeps_address: bool = False) -> list[dict[str, Any]]:
    """Early header mutations: removes what clients may not say about themselves, before routing.

    `keeps_address` is for a listener on which a certificate says who calls, and that may say for whom (`FOR`).
    """
    kept = ("x-forwarded-",) if keeps_address else ()
    mutations = [
        {"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in TRUSTED_PREFIXES if prefix not in kept
    ]
    return [
        {
            "name": "envoy.http.early_header_mutation.header_mutation",
            "typed_config": {
                "@type": f"{_TYPE}.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                "mutations": mutations,
            },
        }
    ]


def http_filters(*, tells_address: bool = False) -> list[dict[str, Any]]:
    """The HTTP filters, in the order of the module's docstring. `tells_address`: tokens is told `FOR` as well."""
    return [
        {
            "name": "envoy.filters.http.grpc_web",
            "typed_config": {"@type": f"{_TYPE}.filters.http.grpc_web.v3.GrpcWeb"},
        },
        leaked_tokens.rate_limit(),
        {"name": "envoy.filters.http.lua", "typed_config": _sign_ins()},
        {"name": "envoy.filters.http.fault", "typed_config": _refusals()},
        {"name": "envoy.filters.http.ext_authz", "typed_config": _sign_in_check(tells_address=tells_address)},
        transcoder(),
        {
            "name": "envoy.filters.http.buffer",
            "typed_config": {"@type": f"{_TYPE}.filters.http.buffer.v3.Buffer", "max_request_bytes": MAX_REQUEST_BYTES},
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{_TYPE}.filters.http.router.v3.Router", "suppress_envoy_headers": True},
        },
    ]


def local_replies() -> dict[str, Any]:
    """Sets apart some of the gateway's own answers that would look like any other UNAVAILABLE.

    A sign-in check that could not be made is no denial and no dead service: `x-paas-unavailable: tokens` says so.
    A call that ran out of time may have had its effect: DEADLINE_EXCEEDED, so that nobody takes it for undone.
    A request that did not come in time, or is too large, had none, and will have none when it is sent again as it is;
    nor will gRPC whose client can't be told the status of its call. Whoever asked in plain HTTP is told in it.
    """
    return {
        "mappers": [
            _reply(
                _BECAUSE.format("fault_filter_abort"),
                {"grpc-status": str(RESOURCE_EXHAUSTED), "grpc-message": TOO_MANY},
            ),
            _reply(_BECAUSE.format("ext_authz_error"), {UNAVAILABLE_HEADER: "tokens", "grpc-status": str(UNAVAILABLE)}),
            _reply(_BECAUSE.format("max_duration_timeout"), {"grpc-status": str(DEADLINE_EXCEEDED)}),
            _reply(
                _BECAUSE.format("request_overall_timeout"),
                {"grpc-status": str(DEADLINE_EXCEEDED), "grpc-message": "The request did not come in time."},
            ),
            _reply(
                _BECAUSE.format("request_payload_too_large"),
                {"grpc-status": str(RESOURCE_EXHAUSTED), "grpc-message": "The request is too large."},
            ),
            _reply(
                f"xds.route_name == '{WITHOUT_TRAILERS}'",
                {"grpc-status": str(INVALID_ARGUMENT), "grpc-message": NO_TRAILERS},
            ),
        ]
    }


def access_log(path: Path) -> list[dict[str, Any]]:
    """One JSON line a request. No header, path or query text: only the route's name, which is ours."""
    return [
        {
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": f"{_TYPE}.access_loggers.file.v3.FileAccessLog",
                "path": str(path),
                "log_format": {
                    "json_format": {
                        "time": "%START_TIME%",
                        "route": "%ROUTE_NAME%",
                        "upstream": "%UPSTREAM_CLUSTER%",
                        "status": "%RESPONSE_CODE%",
                        "grpc_status": "%GRPC_STATUS(SNAKE_STRING)%",
                        "details": "%RESPONSE_CODE_DETAILS%",
                        "flags": "%RESPONSE_FLAGS%",
                        "milliseconds": "%DURATION%",
                        "bytes_received": "%BYTES_RECEIVED%",
                        "bytes_sent": "%BYTES_SENT%",
                        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
                    }
                },
            },
        }
    ]


def _sign_ins() -> dict[str, Any]:
    return {
        "@type": f"{_TYPE}.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": _SIGN_INS.read_text()},
    }


def _refusals() -> dict[str, Any]:
    """Refuses what the filter before says is to be refused, after as long as it says; passes on everything else.

    Clients can't say so: both headers have one of `TRUSTED_PREFIXES`.
    """
    always = {"percentage": {"numerator": 100}}
    return {
        "@type": f"{_TYPE}.filters.http.fault.v3.HTTPFault",
        "headers": [{"name": "x-paas-refused", "present_match": True}],
        # As many milliseconds as x-envoy-fault-delay-request has, and none without it.
        "delay": {"header_delay": {}, **always},
        "abort": {"grpc_status": RESOURCE_EXHAUSTED, **always},
    }


def _sign_in_check(*, tells_address: bool) -> dict[str, Any]:
    needed = ("authorization", FOR) if tells_address else ("authorization",)
    return {
        "@type": f"{_TYPE}.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": {
            "envoy_grpc": {"cluster_name": SIGN_IN_CHECK, "skip_envoy_headers": True},
            # Unlike a call it may be made twice: it has no effect. So a check that ends fails nobody's call.
            "retry_policy": {
                "retry_on": "connect-failure,refused-stream,reset,unavailable,cancelled",
                "num_retries": 2,
                **elsewhere(),
            },
            "timeout": f"{CHECK_TIMEOUT}s",
        },
        # Everybody is asked for, except whom the filter before knew. Nothing but a filter can set this.
        "filter_enabled_metadata": {
            "filter": "paas.sign_ins",
            "path": [{"key": "known"}],
            "value": {"bool_match": True},
            "invert": True,
        },
        # Fail closed, and as 503 rather than 403: gRPC clients see UNAVAILABLE and may try again.
        "failure_mode_allow": False,
        "status_on_error": {"code": "ServiceUnavailable"},
        # tokens needs the bearer and nothing else of what the client sent.
        "allowed_headers": {"patterns": [{"exact": name} for name in needed]},
        # And it may hand on an identity and take the bearer away, nothing else.
        "decoder_header_mutation_rules": {
            "disallow_all": True,
            "allow_expression": {"regex": "^(x-paas-identity|authorization)$"},
            "disallow_is_error": True,
        },
        "validate_mutations": True,
    }


def _reply(condition: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A mapper for those of Envoy's own answers to gRPC for which a condition holds, in CEL.

    Status 200 and the gRPC content type make it a gRPC answer already, so that grpc_web does not derive another
    grpc-status from the HTTP status; plain gRPC calls get the same.
    """
    return {
        "filter": {
            "extension_filter": {
                "name": "envoy.access_loggers.extension_filters.cel",
                "typed_config": {
                    "@type": f"{_TYPE}.access_loggers.filters.cel.v3.ExpressionFilter",
                    "expression": f"{condition} && {_ASKED_IN_GRPC}",
                },
            }
        },
        "status_code": 200,
        "body_format_override": {"text_format_source": {"inline_string": ""}, "content_type": "application/grpc"},
        "headers_to_add": [
            {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
            for key, value in headers.items()
        ],
    }
