"""Who is calling: Envoy remembers for a second who was let in, refuses who has had enough, and asks tokens for others.

The three filters belong together, and come in this order. No answer, no entry.
"""

from pathlib import Path
from typing import Any, Final

from gateway.limits.bounds import CHECK_TIMEOUT
from gateway.upstreams import elsewhere

SIGN_IN_CHECK: Final = "sign-in-check"
"""The cluster of the sign-in check, which tokens serves apart from everything else."""
FOR: Final = "x-forwarded-for"
"""Where the dashboard says from which address the person came for whom it calls."""
RESOURCE_EXHAUSTED: Final = 8
"""google.rpc.Code: what is over a limit is refused with it."""
_LUA: Final = Path(__file__).parent / "sign_ins.lua"
_TYPE: Final = "type.googleapis.com/envoy.extensions.filters.http"


def sign_in_filters(*, tells_address: bool) -> list[dict[str, Any]]:
    """The HTTP filters. `tells_address`: tokens is told `FOR` as well."""
    return [
        {"name": "envoy.filters.http.lua", "typed_config": _memory()},
        {"name": "envoy.filters.http.fault", "typed_config": _refusals()},
        {"name": "envoy.filters.http.ext_authz", "typed_config": _check(tells_address=tells_address)},
    ]


def _memory() -> dict[str, Any]:
    return {
        "@type": f"{_TYPE}.lua.v3.Lua",
        "default_source_code": {"inline_string": _LUA.read_text()},
    }


def _refusals() -> dict[str, Any]:
    """Refuses what the filter before says is to be refused, after as long as it says; passes on everything else.

    Clients can't say so: both headers have one of the prefixes that are removed first (`gateway.filters.chain`).
    """
    always = {"percentage": {"numerator": 100}}
    return {
        "@type": f"{_TYPE}.fault.v3.HTTPFault",
        "headers": [{"name": "x-paas-refused", "present_match": True}],
        # As many milliseconds as x-envoy-fault-delay-request has, and none without it.
        "delay": {"header_delay": {}, **always},
        "abort": {"grpc_status": RESOURCE_EXHAUSTED, **always},
    }


def _check(*, tells_address: bool) -> dict[str, Any]:
    needed = ("authorization", FOR) if tells_address else ("authorization",)
    return {
        "@type": f"{_TYPE}.ext_authz.v3.ExtAuthz",
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
