"""The listener for everybody: gRPC, gRPC-web, calls in JSON, the dashboard's pages."""

from collections.abc import Iterable
from typing import Any

from gateway.limits.bounds import FIRST_BYTES_TIMEOUT
from gateway.listeners.connections import connection_manager, listener
from gateway.methods import PublicMethod
from gateway.settings import GatewaySettings


def public_listener(settings: GatewaySettings, methods: Iterable[PublicMethod]) -> dict[str, Any]:
    """Return the listener that clients connect to."""
    # It waits for the first bytes; a connection that sends none is closed before it is anybody's.
    inspector = {
        "name": "envoy.filters.listener.http_inspector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"
        },
    }
    return {
        **listener(connection_manager(settings, methods), name="public", listen=settings.listen),
        "listener_filters": [inspector],
        "listener_filters_timeout": f"{FIRST_BYTES_TIMEOUT}s",
    }
