"""What the gateway lets through: an exact route for each public method, and few others.

It must not hold a list of methods of its own: which there are is read from the contracts (`gateway.methods`).
"""

from collections.abc import Iterable
from typing import Any, Final

from gateway.limits.bounds import MAX_OWN_ANSWER_BYTES
from gateway.methods import PublicMethod
from gateway.routes import audit_log, dashboard, grpc_calls, leaked_tokens, well_known
from gateway.routes.browser_headers import browser_headers
from gateway.routes.refusals import no_grpc, nothing_else, without_trailers
from gateway.routes.without_sign_in import ASKS_NOBODY, answered_at_once, tells_address
from gateway.settings import SingleSignOn
from gateway.transcoding import calls, document

# What HTTP clients and Envoy itself say of a request, and no service asks for: who is calling is in the identity. In a
# service each header of a call becomes Python objects, whether it is read or not.
UNREAD_HEADERS: Final = (
    "accept",
    "accept-encoding",
    "baggage",
    "cookie",
    "origin",
    "referer",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-envoy-external-address",
    "x-envoy-internal",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-grpc-web",
    "x-request-id",
    "x-user-agent",
)


def route_configuration(
    methods: Iterable[PublicMethod],
    *,
    single_sign_on: SingleSignOn | None = None,
    takes_leaks: bool = False,
    has_pages: bool = False,
    hsts: str = "",
) -> dict[str, Any]:
    """Envoy's RouteConfiguration: the dashboard's pages, where there are any; how to sign in, which everybody may ask
    (decision 44); reports of leaked tokens, where they are taken; calls in JSON; 415 for what is no gRPC, one exact
    route a method, 404 for everything else. `hsts` is what browsers are told in Strict-Transport-Security; empty for
    nothing.
    """
    tells_browsers = browser_headers(hsts)
    told = well_known.route(single_sign_on, answered_at_once=answered_at_once())
    if takes_leaks:
        reported = leaked_tokens.route(asks_nobody=ASKS_NOBODY)
    else:
        reported = leaked_tokens.absent(answered_at_once=answered_at_once())
    routes = [
        told,
        document.route(answered_at_once=answered_at_once(), tells_browsers=tells_browsers),
        reported,
        audit_log.route(),
        {**no_grpc(), "response_headers_to_add": tells_browsers},
        without_trailers(),
        *(grpc_calls.route(method) for method in methods),
        # Last, since Envoy looks at one route after the other and most calls are of gRPC.
        *calls.routes(
            methods, route=grpc_calls.route, answered_at_once=answered_at_once(), tells_browsers=tells_browsers
        ),
        {**nothing_else(), "response_headers_to_add": tells_browsers},
    ]
    pages = dashboard.routes(asks_nobody=ASKS_NOBODY, tells_address=tells_address(), tells_browsers=tells_browsers)
    return _configuration([*(pages if has_pages else []), *map(_without_unread, routes)])


def calls_configuration(methods: Iterable[PublicMethod]) -> dict[str, Any]:
    """The RouteConfiguration of a listener on which nothing is but the methods, which need a sign-in all the same."""
    routes = [*(grpc_calls.route(method) for method in methods if not method.anyone), nothing_else()]
    return _configuration(list(map(_without_unread, routes)))


def _configuration(routes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "public",
        "virtual_hosts": [{"name": "public", "domains": ["*"], "routes": routes}],
        "max_direct_response_body_size_bytes": MAX_OWN_ANSWER_BYTES,
        # Neither may a service tell clients about the inside, nor is there a reason to.
        "response_headers_to_remove": ["server", "x-envoy-upstream-service-time"],
    }


def _without_unread(route: dict[str, Any]) -> dict[str, Any]:
    removed = dict.fromkeys([*route.get("request_headers_to_remove", ()), *UNREAD_HEADERS])
    return {**route, "request_headers_to_remove": list(removed)}
