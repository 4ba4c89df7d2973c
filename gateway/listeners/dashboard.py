"""The listener for the dashboard's own calls, over mTLS: exactly what anybody may call, for whoever visits it.

It believes the dashboard, and it alone, from which address a person came.
"""

from collections.abc import Iterable
from typing import Any, Final

from gateway.filters.chain import header_cleaning, http_filters
from gateway.limits.bounds import DASHBOARD_IDLE_TIMEOUT, MAX_DASHBOARD_STREAMS, MAX_HEADERS
from gateway.listeners.connections import connection_manager, listener
from gateway.methods import PublicMethod
from gateway.routes.table import calls_configuration
from gateway.settings import Address, Credentials, GatewaySettings
from gateway.upstreams import common_tls

CLIENT: Final = "spiffe://paas/dashboard"
"""The only certificate with which somebody may say for whom, from which address, they call."""


def dashboard_listener(settings: GatewaySettings, listen: Address, methods: Iterable[PublicMethod]) -> dict[str, Any]:
    """The listener that the dashboard calls: the same methods, filters and limits, without what only browsers need.

    It says from which address each of its calls comes. What limits one address limits each of its users apart.
    """
    manager = {
        **connection_manager(settings, methods),
        "stat_prefix": "dashboard",
        "codec_type": "HTTP2",
        "route_config": calls_configuration(methods),
        "early_header_mutation_extensions": header_cleaning(keeps_address=True),
        "http_filters": http_filters(tells_address=True),
        "xff_num_trusted_hops": 1,
        "skip_xff_append": True,
        "common_http_protocol_options": {
            "idle_timeout": f"{DASHBOARD_IDLE_TIMEOUT}s",
            "max_headers_count": MAX_HEADERS,
        },
    }
    manager["http2_protocol_options"] = {
        **manager["http2_protocol_options"],
        "max_concurrent_streams": MAX_DASHBOARD_STREAMS,
    }
    return listener(manager, name="dashboard", listen=listen, transport_socket=_transport_socket(settings.credentials))


def _transport_socket(credentials: Credentials) -> dict[str, Any]:
    """How the listener for the dashboard's calls is spoken to: TLS 1.3, and by nobody but the dashboard."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": True,
            "common_tls_context": common_tls(credentials, peer=CLIENT),
        },
    }
