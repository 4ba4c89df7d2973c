"""Envoy's clusters: how the gateway reaches each service. Always mTLS, to exactly the service that is meant."""

import ipaddress
from collections.abc import Sequence
from typing import Any

from gateway.settings import Address, Credentials

# Seconds. On one machine or inside one cluster a connection takes milliseconds or fails.
CONNECT_TIMEOUT = 1
# Seconds between looks at a process that was ready, and at one that was not, and how long its answer may take.
HEALTH_INTERVAL = 2
UNHEALTHY_INTERVAL = 0.25
HEALTH_TIMEOUT = 3
# A process that is gone refuses the connection at once; one that is busy is not taken for gone.
UNHEALTHY_AFTER = 3
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(name: str, addresses: Sequence[Address], *, service: str, credentials: Credentials) -> dict[str, Any]:
    """A cluster of processes of `service`: HTTP/2 over TLS 1.3, with nobody but `spiffe://paas/<service>`."""
    return {
        "name": name,
        "type": "STATIC" if all(_is_ip(address.host) for address in addresses) else "STRICT_DNS",
        # Whoever has fewest requests under way: a process that hangs gets no more of them than others.
        "lb_policy": "LEAST_REQUEST",
        "connect_timeout": f"{CONNECT_TIMEOUT}s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": socket_address(address)}} for address in addresses]}
            ],
        },
        # A process that is alive and can't do its work, for one because its database is away, gets no requests.
        "health_checks": [
            {
                "grpc_health_check": {"service_name": "readiness", "authority": f"{service}.paas.internal"},
                "interval": f"{HEALTH_INTERVAL}s",
                # Envoy keeps no counters here, so to it no cluster ever had traffic, and these two are what counts.
                "no_traffic_interval": f"{UNHEALTHY_INTERVAL}s",
                "no_traffic_healthy_interval": f"{HEALTH_INTERVAL}s",
                "unhealthy_interval": f"{UNHEALTHY_INTERVAL}s",
                "timeout": f"{HEALTH_TIMEOUT}s",
                "unhealthy_threshold": UNHEALTHY_AFTER,
                "healthy_threshold": 1,
            }
        ],
        # What the name does not stand for any more is about to end: it gets nothing even while it still answers.
        "ignore_health_on_host_removal": True,
        # Where none is ready nobody is asked, instead of anybody.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": _upstream_tls(service, credentials),
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


def cluster_of_pages(name: str, addresses: Sequence[Address], *, credentials: Credentials) -> dict[str, Any]:
    """A cluster of processes of `name` that serve web pages: HTTP/1.1 over TLS 1.3, otherwise as `cluster`."""
    pages = cluster(name, addresses, service=name, credentials=credentials)
    pages["transport_socket"]["typed_config"]["common_tls_context"]["alpn_protocols"] = ["http/1.1"]
    pages["typed_extension_protocol_options"][_HTTP_OPTIONS]["explicit_http_config"] = {"http_protocol_options": {}}
    check = pages["health_checks"][0]
    del check["grpc_health_check"]
    check["http_health_check"] = {"path": "/ready", "host": f"{name}.paas.internal"}
    return pages


def elsewhere() -> dict[str, Any]:
    """The fields of a retry policy that have what is sent again go to a process that it was not sent to yet.

    One that is gone has no requests under way, so until it is noticed it is the one that would be chosen again.
    """
    return {
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                },
            }
        ],
        "host_selection_retry_max_attempts": 32,
    }


def socket_address(address: Address) -> dict[str, Any]:
    """Envoy's Address message for a TCP address."""
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def common_tls(credentials: Credentials, *, peer: str) -> dict[str, Any]:
    """Envoy's CommonTlsContext: HTTP/2 over TLS 1.3, with nobody but the one whose certificate has the URI `peer`."""
    return {
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
            "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": peer}}],
        },
    }


def _upstream_tls(service: str, credentials: Credentials) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": f"{service}.paas.internal",
        "common_tls_context": common_tls(credentials, peer=f"spiffe://paas/{service}"),
    }


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
