"""The pages for a kubelet's probes, at an address of their own: `/alive` and `/ready`.

Both are about this Envoy alone. It is no less ready where a service is away: what it then answers says which, and a
load balancer with nobody behind it could not. Listeners open once the services were looked at for the first time, so an
Envoy that has just started and knows nobody yet is not asked for anything.
"""

from typing import Any

from gateway.settings import Address
from gateway.upstreams import socket_address

_TYPE = "type.googleapis.com/envoy.extensions.filters"


def health_listener(address: Address) -> dict[str, Any]:
    """`/alive` is 200 while Envoy works; `/ready` is 503 from when it is told to drain; the rest is 404."""
    return {
        "name": "health",
        "address": socket_address(address),
        # It tells nothing that a flood of public connections could keep from being told.
        "bypass_overload_manager": True,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": _connection_manager(),
                    }
                ]
            }
        ],
    }


def _connection_manager() -> dict[str, Any]:
    return {
        "@type": f"{_TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "health",
        "route_config": {
            "name": "health",
            "virtual_hosts": [
                {
                    "name": "health",
                    "domains": ["*"],
                    "routes": [
                        {"match": {"path": "/alive"}, "direct_response": {"status": 200}},
                        {"match": {"prefix": ""}, "direct_response": {"status": 404}},
                    ],
                }
            ],
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.health_check",
                "typed_config": {
                    "@type": f"{_TYPE}.http.health_check.v3.HealthCheck",
                    "pass_through_mode": False,
                    "headers": [{"name": ":path", "string_match": {"exact": "/ready"}}],
                },
            },
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPE}.http.router.v3.Router"},
            },
        ],
    }
