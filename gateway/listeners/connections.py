"""What listeners for calls have in common: how Envoy takes connections, and requests on them."""

from collections.abc import Iterable
from typing import Any

from gateway.filters.chain import header_cleaning, http_filters
from gateway.limits.bounds import (
    IDLE_TIMEOUT,
    MAX_HEADERS,
    MAX_HEADERS_KIB,
    MAX_STREAMS,
    MAX_WAITING_BYTES,
    REQUEST_TIMEOUT,
    STREAM_WINDOW,
)
from gateway.listeners.access_log import access_log
from gateway.listeners.local_replies import local_replies
from gateway.methods import PublicMethod
from gateway.routes.table import route_configuration
from gateway.settings import Address, GatewaySettings
from gateway.upstreams import socket_address


def listener(
    manager: dict[str, Any], *, name: str, listen: Address, transport_socket: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return a listener whose connections one manager has."""
    chain: dict[str, Any] = {
        "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    }
    if transport_socket is not None:
        chain["transport_socket"] = transport_socket
    return {
        "name": name,
        "address": socket_address(listen),
        "per_connection_buffer_limit_bytes": MAX_WAITING_BYTES,
        "filter_chains": [chain],
    }


def connection_manager(settings: GatewaySettings, methods: Iterable[PublicMethod]) -> dict[str, Any]:
    """Envoy's HttpConnectionManager for calls: its bounds, routes and filters, what it says and what it writes down."""
    return {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
        "HttpConnectionManager",
        "stat_prefix": "public",
        # HTTP/1.1 for gRPC-web, HTTP/2 with prior knowledge for gRPC.
        "codec_type": "AUTO",
        "route_config": route_configuration(
            methods,
            single_sign_on=settings.single_sign_on,
            takes_leaks=settings.takes_leaks,
            has_pages=bool(settings.dashboard),
            hsts=settings.hsts,
        ),
        "early_header_mutation_extensions": header_cleaning(),
        "http_filters": http_filters(in_json=methods),
        "local_reply_config": local_replies(hsts=settings.hsts),
        "access_log": access_log(settings.access_log),
        "common_http_protocol_options": {
            "idle_timeout": f"{IDLE_TIMEOUT}s",
            "max_headers_count": MAX_HEADERS,
            # `x_paas_identity` must not be taken for `x-paas-identity` further in.
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": MAX_STREAMS,
            "initial_stream_window_size": STREAM_WINDOW,
            "connection_keepalive": {"interval": "60s", "timeout": "20s"},
        },
        "max_request_headers_kb": MAX_HEADERS_KIB,
        "request_headers_timeout": f"{REQUEST_TIMEOUT}s",
        "request_timeout": f"{REQUEST_TIMEOUT}s",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        # The address of the connection is the client's address, whatever its headers say.
        "use_remote_address": True,
        "server_header_transformation": "PASS_THROUGH",
    }
