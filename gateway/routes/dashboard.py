"""The dashboard's pages: `/runtime/dashboard/` goes to the dashboard's own program.

It knows by a cookie who somebody is: nobody is asked for, and nothing of a browser's request is taken away. What it
then asks for that person comes to a listener of its own (`gateway.listeners.dashboard`).
"""

from typing import Any, Final

CLUSTER: Final = "dashboard"
PREFIX: Final = "/runtime/dashboard/"
"""As the product has it: .../runtime/dashboard/account/audit."""
ROUTE: Final = "dashboard"
# Seconds for which a page that shows what goes on may have nothing to tell.
_STREAM_IDLE_TIMEOUT: Final = 3600


def routes(
    *, asks_nobody: dict[str, Any], tells_address: list[dict[str, Any]], tells_browsers: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The routes of the pages, and of the path without its last slash.

    `tells_address` sets the header in which the dashboard is told where a browser is. Envoy's own `x-forwarded-for` has
    another address where that is this machine's. `tells_browsers` sets what browsers are told with each answer.
    """
    return [
        {
            "name": ROUTE,
            "match": {"prefix": PREFIX},
            "route": {
                "cluster": CLUSTER,
                "timeout": "0s",
                "idle_timeout": f"{_STREAM_IDLE_TIMEOUT}s",
                # A page may be asked for twice where it can't have come; a form is sent by people.
                "retry_policy": {"retry_on": "connect-failure,refused-stream", "num_retries": 2},
            },
            "request_headers_to_add": tells_address,
            "response_headers_to_add": tells_browsers,
            "typed_per_filter_config": asks_nobody,
        },
        {
            "name": ROUTE,
            "match": {"path": PREFIX.removesuffix("/")},
            "redirect": {"path_redirect": PREFIX, "response_code": "PERMANENT_REDIRECT"},
            "response_headers_to_add": tells_browsers,
            "typed_per_filter_config": asks_nobody,
        },
    ]
