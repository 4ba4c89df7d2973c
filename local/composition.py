"""Which parts the stack has and what each is told: the one place that knows the services' environment variables."""

import os
import sys
from collections.abc import Mapping

from gateway.settings import Address, Credentials, GatewaySettings
from local import envoy
from local.layout import Layout
from local.parts import Part
from local.ports import GATEWAY, HOST, SERVICES, metrics_of, port_of
from local.postgres import Postgres

# Whom each service calls.
PEERS: Mapping[str, tuple[str, ...]] = {
    "config": ("tokens", "audit", "secrets", "releaser"),
    "secrets": ("tokens", "audit", "config", "releaser"),
    "tokens": ("audit", "config"),
    "audit": ("tokens",),
    "releaser": ("tokens", "audit", "config", "secrets"),
}
# What a program needs of the environment of whoever starts the stack. Nothing else of it gets in.
PASSED_ON = ("PATH", "HOME", "LANG", "TZ")


def service_environment(service: str, *, layout: Layout, base_port: int, postgres: Postgres) -> dict[str, str]:
    """The environment of one service: settings and the paths of its credentials."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {
        "PAAS_LISTEN": f"{HOST}:{port_of(service, base_port=base_port)}",
        "PAAS_DATABASE_URL": postgres.socket_url(service, user=service),
        "PAAS_DATABASE_PASSWORD_FILE": str(layout.passwords / service),
        "PAAS_TLS_CERT_FILE": str(layout.tls / f"{service}.pem"),
        "PAAS_TLS_KEY_FILE": str(layout.tls / f"{service}.key"),
        "PAAS_TLS_CA_FILE": str(layout.tls / "ca.pem"),
        "PAAS_METRICS_LISTEN": f"{HOST}:{port_of(metrics_of(service), base_port=base_port)}",
        "PAAS_PAGE_KEY_FILE": str(layout.page_key(service)),
        "PAAS_LOG_LEVEL": "info",
        "PAAS_ENVIRONMENT": "local",
    }
    for peer in PEERS[service]:
        environment[f"PAAS_{peer.upper()}_ADDRESS"] = f"{HOST}:{port_of(peer, base_port=base_port)}"
    return environment | _of_its_own(service, layout)


def service_part(service: str, *, layout: Layout, base_port: int, postgres: Postgres) -> Part:
    """How the supervisor runs one service."""
    return Part(
        name=service,
        command=(sys.executable, "-m", f"services.{service}"),
        environment=service_environment(service, layout=layout, base_port=base_port, postgres=postgres),
        log=layout.log(service),
    )


def gateway_part(*, layout: Layout, base_port: int) -> Part:
    """Writes the gateway's configuration and says how the supervisor runs it."""
    configuration = layout.run / "envoy.json"
    settings = GatewaySettings(
        listen=Address(HOST, port_of(GATEWAY, base_port=base_port)),
        upstreams={name: Address(HOST, port_of(name, base_port=base_port)) for name in SERVICES},
        credentials=Credentials(layout.tls / f"{GATEWAY}.pem", layout.tls / f"{GATEWAY}.key", layout.tls / "ca.pem"),
        access_log=layout.log("gateway-access"),
    )
    envoy.write_configuration(configuration, settings)
    return Part(
        name=GATEWAY,
        command=tuple(envoy.command(configuration)),
        environment={"PATH": "/usr/bin:/bin"},
        log=layout.log(GATEWAY),
        tier=2,
        grace=3.0,
    )


def _of_its_own(service: str, layout: Layout) -> dict[str, str]:
    if service == "secrets":
        return {"PAAS_KMS_PROVIDER": "local", "PAAS_KMS_KEY_FILE": str(layout.kms_key)}
    if service == "tokens":
        return {"PAAS_SIGNING_KEY_FILE": str(layout.signing_key)}
    if service == "releaser":
        return {"PAAS_RUNTIME": "local", "PAAS_RUNTIME_DIR": str(layout.apps)}
    return {}
