"""Envoy's static bootstrap configuration, as a dictionary that is valid JSON for `envoy --config-path`.

Pure: the same settings give the same configuration. There is no admin port, on purpose: it would show the
configuration and stop the process to whoever can connect to it. Where the gateway has to be drained there is a socket
in its own folder instead, which only its own user can open.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway import dashboard
from gateway.filters import REQUEST_TIMEOUT, SIGN_IN_CHECK, access_log, header_cleaning, http_filters, local_replies
from gateway.health import health_listener
from gateway.routes import PublicMethod, calls_configuration, public_methods, route_configuration
from gateway.settings import Address, GatewaySettings
from gateway.upstreams import cluster, socket_address

# Connections from outside; a file descriptor each, and some 20 KiB where nothing is under way on one.
MAX_CONNECTIONS = 16_384
# Seconds within which a connection has to say something at all, and for which it may then be without a request.
FIRST_BYTES_TIMEOUT = 3
IDLE_TIMEOUT = 30
# Bytes that are taken of a request while it waits for something else than itself, as for its sender to be let in or
# refused: over HTTP/1.1, and over HTTP/2, where it is the window of a stream. The rest stays with the sender. One that
# was let in may be as large as `gateway.filters.MAX_REQUEST_BYTES`; over a line of 200 ms it has to wait for its window
# some eight times then, which REQUEST_TIMEOUT has room for. A connection has the window that Envoy gives it by
# itself: with less, those that wait would hold up the others.
MAX_WAITING_BYTES = 32 * 1024
STREAM_WINDOW = 128 * 1024


def bootstrap(settings: GatewaySettings) -> dict[str, Any]:
    """The whole configuration. Raises ValueError where a service with public methods has no upstream."""
    methods = public_methods()
    needed = {method.upstream for method in methods}
    if missing := sorted(needed - settings.upstreams.keys()):
        raise ValueError(f"the gateway has no address for: {', '.join(missing)}")
    return {
        "static_resources": {
            "listeners": [
                _listener(settings, methods),
                *([_for_dashboard(settings, settings.dashboard_listen, methods)] if settings.dashboard_listen else []),
                *([health_listener(settings.health_listen)] if settings.health_listen else []),
            ],
            # Sorted, so that the same settings give the same bytes.
            "clusters": [
                *(
                    cluster(name, settings.upstreams[name], service=name, credentials=settings.credentials)
                    for name in sorted(needed)
                ),
                cluster(SIGN_IN_CHECK, settings.sign_in_check, service="tokens", credentials=settings.credentials),
                *(
                    [dashboard.cluster(settings.dashboard, credentials=settings.credentials)]
                    if settings.dashboard
                    else []
                ),
            ],
        },
        **({"admin": _admin(settings.admin_socket)} if settings.admin_socket else {}),
        "application_log_config": {
            "log_format": {"json_format": {"time": "%Y-%m-%dT%T.%eZ", "level": "%l", "logger": "%n", "message": "%j"}}
        },
        # Nothing reads Envoy's counters here (no admin port, no sink), so it need not keep them.
        "stats_config": {"stats_matcher": {"reject_all": True}},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3."
                        "DownstreamConnectionsConfig",
                        "max_active_downstream_connections": MAX_CONNECTIONS,
                    },
                }
            ]
        },
    }


def _admin(socket: Path) -> dict[str, Any]:
    return {"address": {"pipe": {"path": str(socket), "mode": 0o600}}}


def _listener(settings: GatewaySettings, methods: Iterable[PublicMethod]) -> dict[str, Any]:
    # It waits for the first bytes; a connection that sends none is closed before it is anybody's.
    inspector = {
        "name": "envoy.filters.listener.http_inspector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
        },
    }
    return {
        **_of(_connection_manager(settings, methods), name="public", listen=settings.listen),
        "listener_filters": [inspector],
        "listener_filters_timeout": f"{FIRST_BYTES_TIMEOUT}s",
    }


def _of(
    manager: dict[str, Any], *, name: str, listen: Address, transport_socket: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A listener whose connections one manager has."""
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


def _for_dashboard(settings: GatewaySettings, listen: Address, methods: Iterable[PublicMethod]) -> dict[str, Any]:
    """The listener that the dashboard calls: the same methods, filters and limits, without what only browsers need.

    It says from which address each of its calls comes. What limits one address limits each of its users apart.
    """
    manager = {
        **_connection_manager(settings, methods),
        "stat_prefix": "dashboard",
        "codec_type": "HTTP2",
        "route_config": calls_configuration(methods),
        "early_header_mutation_extensions": header_cleaning(keeps_address=True),
        "http_filters": http_filters(tells_address=True),
        "xff_num_trusted_hops": 1,
        "skip_xff_append": True,
        # Its connections stay: it is one client, and makes no new one for each of its users.
        "common_http_protocol_options": {"idle_timeout": "3600s", "max_headers_count": 64},
    }
    manager["http2_protocol_options"] = {**manager["http2_protocol_options"], "max_concurrent_streams": 1024}
    return _of(
        manager, name="dashboard", listen=listen, transport_socket=dashboard.transport_socket(settings.credentials)
    )


def _connection_manager(settings: GatewaySettings, methods: Iterable[PublicMethod]) -> dict[str, Any]:
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
        ),
        "early_header_mutation_extensions": header_cleaning(),
        "http_filters": http_filters(),
        "local_reply_config": local_replies(),
        "access_log": access_log(settings.access_log),
        "common_http_protocol_options": {
            "idle_timeout": f"{IDLE_TIMEOUT}s",
            "max_headers_count": 64,
            # `x_paas_identity` must not be taken for `x-paas-identity` further in.
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 128,
            "initial_stream_window_size": STREAM_WINDOW,
            "connection_keepalive": {"interval": "60s", "timeout": "20s"},
        },
        # Services take as much in all, with the identity that is added to it here.
        "max_request_headers_kb": 16,
        "request_headers_timeout": f"{REQUEST_TIMEOUT}s",
        "request_timeout": f"{REQUEST_TIMEOUT}s",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        # The address of the connection is the client's address, whatever its headers say.
        "use_remote_address": True,
        "server_header_transformation": "PASS_THROUGH",
    }
