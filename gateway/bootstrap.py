"""Envoy's static bootstrap configuration, as a dictionary that is valid JSON for `envoy --config-path`.

Pure: the same settings give the same configuration. There is no admin port, on purpose: it would show the
configuration and stop the process to whoever can connect to it. Where the gateway has to be drained there is a socket
in its own folder instead, which only its own user can open.
"""

from pathlib import Path
from typing import Any

from gateway.filters.sign_in import SIGN_IN_CHECK
from gateway.limits.bounds import MAX_CONNECTIONS
from gateway.listeners.dashboard import dashboard_listener
from gateway.listeners.health import health_listener
from gateway.listeners.public import public_listener
from gateway.methods import public_methods
from gateway.routes import dashboard
from gateway.settings import GatewaySettings
from gateway.upstreams import cluster, cluster_of_pages


def bootstrap(settings: GatewaySettings) -> dict[str, Any]:
    """The whole configuration. Raises ValueError where a service with public methods has no upstream."""
    methods = public_methods()
    needed = {method.upstream for method in methods}
    if missing := sorted(needed - settings.upstreams.keys()):
        raise ValueError(f"the gateway has no address for: {', '.join(missing)}")
    return {
        "static_resources": {
            "listeners": [
                public_listener(settings, methods),
                *(
                    [dashboard_listener(settings, settings.dashboard_listen, methods)]
                    if settings.dashboard_listen
                    else []
                ),
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
                    [cluster_of_pages(dashboard.CLUSTER, settings.dashboard, credentials=settings.credentials)]
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
