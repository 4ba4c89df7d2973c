"""Envoy's clusters: how the gateway reaches each service. Always mTLS, to exactly the service that is meant."""

import ipaddress
from typing import Any

from gateway.settings import Address, Credentials

# Seconds. On one machine or inside one cluster a connection takes milliseconds or fails.
CONNECT_TIMEOUT = 1
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(name: str, address: Address, *, credentials: Credentials) -> dict[str, Any]:
    """The cluster of service `name`: HTTP/2 over TLS 1.3 to `address`, as nobody but `spiffe://paas/<name>`."""
    return {
        "name": name,
        "type": "STATIC" if _is_ip(address.host) else "STRICT_DNS",
        "connect_timeout": f"{CONNECT_TIMEOUT}s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket_address(address)}}]}],
        },
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": _upstream_tls(name, credentials),
        },
        "typed_extension_protocol_options": {
            _HTTP_OPTIONS: {
                "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
                "explicit_http_config": {
                    # A service that hangs with its connection open is noticed without waiting for a request.
                    "http2_protocol_options": {"connection_keepalive": {"interval": "30s", "timeout": "5s"}}
                },
            }
        },
        # Streams are held open for as long as somebody watches, so the limit is on connections and not on them.
        "circuit_breakers": {
            "thresholds": [{"max_connections": 1024, "max_pending_requests": 1024, "max_requests": 4096}]
        },
    }


def socket_address(address: Address) -> dict[str, Any]:
    """Envoy's Address message for a TCP address."""
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def _upstream_tls(name: str, credentials: Credentials) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": f"{name}.paas.internal",
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
                "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": f"spiffe://paas/{name}"}}],
            },
        },
    }


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
