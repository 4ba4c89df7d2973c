"""`POST /leaked-tokens`: reports of tokens that were found in public, in the form of GitHub's secret scanning.

Who reports is nobody's user and is known by a signature, which tokens verifies. So there is no sign-in check here, and
there are limits of its own instead, apart from all that a sign-in check counts: reports keep nobody from signing in,
and who floods their path keeps nobody out but reports. See docs/decisions/0048.
"""

from typing import Any, Final

from gateway.transcoding import enabled
from gateway.upstreams import elsewhere

ROUTE: Final = "leaked-tokens"
_PATH: Final = "/leaked-tokens"
_UPSTREAM: Final = "tokens"
_RATE_LIMIT: Final = "envoy.filters.http.local_ratelimit"
_LOCAL_RATE_LIMIT: Final = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
# Seconds. tokens may have to fetch the keys of the signer first, and takes one or two to end what is reported.
_TIMEOUT: Final = 10
# Requests at once, and in a second from then on: of one address (of IPv6 its /64, within which everybody chooses
# freely), and of all. Those of all bound the memory of requests that have not come whole yet, for which they have
# REQUEST_TIMEOUT: some 85 of MAX_BODY_BYTES.
OF_ADDRESS: Final = (16, 8)
OF_ALL: Final = (32, 24)
# Addresses that are counted for themselves. Of more, those that were seen last.
_ADDRESSES: Final = 1024
_ALWAYS: Final = {"default_value": {"numerator": 100}}


def rate_limit() -> dict[str, Any]:
    """The HTTP filter of the limits: without any but where a route sets some."""
    return {"name": _RATE_LIMIT, "typed_config": {"@type": _LOCAL_RATE_LIMIT, "stat_prefix": "none"}}


def route(*, asks_nobody: dict[str, Any]) -> dict[str, Any]:
    """The route, by its exact path, for JSON alone. `asks_nobody` turns off what belongs to a sign-in."""
    return {
        "name": ROUTE,
        "match": {
            "path": _PATH,
            "headers": [
                {"name": ":method", "string_match": {"exact": "POST"}},
                # Without a query, of which the transcoder would make fields of the request.
                {"name": ":path", "string_match": {"exact": _PATH}},
                {"name": "content-type", "string_match": {"safe_regex": {"regex": "application/json *(;.*)?"}}},
            ],
        },
        "route": {
            "cluster": _UPSTREAM,
            "timeout": f"{_TIMEOUT}s",
            # What was not sent yet is sent to another process; the rest is for the reporter to send again.
            "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2, **elsewhere()},
        },
        # No bearer gets past the gateway, not even where nobody looks at it.
        "request_headers_to_remove": ["authorization", "cookie"],
        "response_headers_to_add": [
            {"header": {"key": "cache-control", "value": "no-store"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        ],
        "typed_per_filter_config": {**asks_nobody, **enabled(), _RATE_LIMIT: _limits()},
    }


def absent(*, answered_at_once: dict[str, Any]) -> dict[str, Any]:
    """404 where reports are not taken: not 415, which would say that the path is there for another content type."""
    return {
        "name": "no-leaked-tokens",
        "match": {"path": _PATH},
        "direct_response": {"status": 404},
        **answered_at_once,
    }


def _limits() -> dict[str, Any]:
    whose = {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
    return {
        "@type": _LOCAL_RATE_LIMIT,
        "stat_prefix": ROUTE.replace("-", "_"),
        "filter_enabled": _ALWAYS,
        "filter_enforced": _ALWAYS,
        "token_bucket": _bucket(*OF_ALL),
        # Each address by itself, since it stands without a value; who is over that takes nothing from what all have.
        "descriptors": [{"entries": [{"key": "masked_remote_address"}], "token_bucket": _bucket(*OF_ADDRESS)}],
        "max_dynamic_descriptors": _ADDRESSES,
        "rate_limits": [{"actions": [whose]}],
    }


def _bucket(at_once: int, in_a_second: int) -> dict[str, Any]:
    return {"max_tokens": at_once, "tokens_per_fill": in_a_second, "fill_interval": "1s"}
