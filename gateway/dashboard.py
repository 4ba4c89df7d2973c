"""The dashboard in front of the gateway and behind it: browsers come to its pages here, and its calls come in here.

Two things, apart from each other. `/runtime/dashboard/` on the public listener goes to the dashboard's own program,
which knows by a cookie who somebody is: nobody is asked for, and nothing of a browser's request is taken away. And what
the dashboard then asks for that person comes to a listener of its own, over mTLS, to exactly what anybody may call
there. That listener believes it, and it alone, from which address the person came.
"""

from collections.abc import Sequence
from typing import Any, Final

from gateway.settings import Address, Credentials
from gateway.upstreams import cluster_of_pages

CLUSTER: Final = "dashboard"
CLIENT: Final = "spiffe://paas/dashboard"
"""The only certificate with which somebody may say for whom, from which address, they call."""
PREFIX: Final = "/runtime/dashboard/"
"""As the product has it: .../runtime/dashboard/account/audit."""
ROUTE: Final = "dashboard"
# Seconds for which a page that shows what goes on may have nothing to tell.
_STREAM_IDLE_TIMEOUT: Final = 3600


def routes(*, asks_nobody: dict[str, Any], tells_address: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The routes of the pages, and of the path without its last slash.

    `tells_address` sets the header in which the dashboard is told where a browser is. Envoy's own `x-forwarded-for` has
    another address where that is this machine's.
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
            "typed_per_filter_config": asks_nobody,
        },
        {
            "name": ROUTE,
            "match": {"path": PREFIX.removesuffix("/")},
            "redirect": {"path_redirect": PREFIX, "response_code": "PERMANENT_REDIRECT"},
            "typed_per_filter_config": asks_nobody,
        },
    ]


def cluster(addresses: Sequence[Address], *, credentials: Credentials) -> dict[str, Any]:
    """The cluster of the dashboard's processes."""
    return cluster_of_pages(CLUSTER, addresses, credentials=credentials)


def transport_socket(credentials: Credentials) -> dict[str, Any]:
    """How the listener for the dashboard's calls is spoken to: TLS 1.3, and by nobody but the dashboard."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": True,
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
                "alpn_protocols": ["h2"],
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": str(credentials.certificate)},
                        "private_key": {"filename": str(credentials.key)},
                    }
                ],
                "validation_context": {
                    "trusted_ca": {"filename": str(credentials.ca)},
                    "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": CLIENT}}],
                },
            },
        },
    }
