"""`POST /leaked-tokens`: reports of tokens that were found in public, in the form of GitHub's secret scanning.

Who reports is nobody's user and is known by a signature, which tokens verifies. So there is no sign-in check here, and
there are limits of its own instead, apart from all that a sign-in check counts: reports keep nobody from signing in,
and who floods their path keeps nobody out but reports. See docs/decisions/0048.
"""

from typing import Any, Final

from gateway.limits.rates import limited
from gateway.transcoding.filter import enabled
from gateway.upstreams import elsewhere

ROUTE: Final = "leaked-tokens"
_PATH: Final = "/leaked-tokens"
_UPSTREAM: Final = "tokens"
# Seconds. tokens may have to fetch the keys of the signer first, and takes one or two to end what is reported.
_TIMEOUT: Final = 10
# Requests at once, and in a second from then on: of one address, and of all. Those of all bound the memory of requests
# that have not come whole yet, for which they have
# REQUEST_TIMEOUT: some 85 of MAX_BODY_BYTES.
OF_ADDRESS: Final = (16, 8)
OF_ALL: Final = (32, 24)


def route(*, asks_nobody: dict[str, Any]) -> dict[str, Any]:
    """The route, by its exact path, for JSON alone. `asks_nobody` turns off what belongs to a sign-in."""
    limits = limited(ROUTE, of_address=OF_ADDRESS, of_all=OF_ALL)
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
        "typed_per_filter_config": {**asks_nobody, **enabled(), **limits},
    }


def absent(*, answered_at_once: dict[str, Any]) -> dict[str, Any]:
    """404 where reports are not taken: not 415, which would say that the path is there for another content type."""
    return {
        "name": "no-leaked-tokens",
        "match": {"path": _PATH},
        "direct_response": {"status": 404},
        **answered_at_once,
    }
