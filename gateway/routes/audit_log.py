"""`GET /audit/log/…`: the files of a tenant's audit log over plain HTTP, for programs that verify logs of this format.

They are told to whoever is signed in and may read the audit log, as over gRPC: the same check, the same method, the
same limits. Which tenant's they are is told by who asks.
"""

from typing import Any, Final

from gateway.transcoding.filter import enabled
from gateway.upstreams import elsewhere

ROUTE: Final = "audit-log"
PREFIX: Final = "/audit/log/"
_UPSTREAM: Final = "audit"
# Seconds, for a file of at most some megabytes.
_TIMEOUT: Final = 30


def route() -> dict[str, Any]:
    """The route, for paths below the prefix and without a query, of which the transcoder would make fields."""
    return {
        "name": ROUTE,
        "match": {
            "prefix": PREFIX,
            "headers": [
                {"name": ":method", "string_match": {"exact": "GET"}},
                {"name": ":path", "string_match": {"contains": "?"}, "invert_match": True},
            ],
        },
        "route": {
            "cluster": _UPSTREAM,
            "timeout": f"{_TIMEOUT}s",
            # Nothing is changed by it, so it may be asked twice.
            "retry_policy": {"retry_on": "connect-failure,refused-stream,reset", "num_retries": 2, **elsewhere()},
        },
        "response_headers_to_add": [
            {"header": {"key": "cache-control", "value": "no-store"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        ],
        "typed_per_filter_config": enabled(),
    }
