"""Which parts the stack has and what each is told: the one place that knows the services' environment variables."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.process.settings import single_sign_on
from gateway.routes.dashboard import PREFIX
from gateway.settings import Address, Credentials, GatewaySettings, SingleSignOn
from local import envoy
from local.failures import LocalFailure
from local.layout import Layout
from local.parts import Part
from local.ports import (
    DASHBOARD,
    FOR_DASHBOARD,
    GATEWAY,
    HOST,
    SERVICES,
    SIGN_IN_CHECK,
    metrics_of,
    port_of,
    public_of,
    service_of,
)
from local.postgres import Postgres
from paaskit.settings import SettingsError

# Whom each service calls.
PEERS: Mapping[str, tuple[str, ...]] = {
    "config": ("tokens", "audit", "secrets", "releaser"),
    "secrets": ("tokens", "audit", "config", "releaser"),
    "tokens": ("audit", "config"),
    "audit": ("tokens",),
    "releaser": ("tokens", "audit", "config", "secrets"),
}
# What the names of this machine's audit logs begin with; the rest of each is random.
LOG_ORIGIN = "audit.localhost"
# Until the gateway has noticed that a process is not ready any more (gateway.upstreams). Nobody else could take over
# from one alone.
_DRAIN_SECONDS = 3.5
# What a program needs of the environment of whoever starts the stack. Nothing else of it gets in.
PASSED_ON = ("PATH", "HOME", "LANG", "TZ", "PAAS_TRACES_ENDPOINT")
# What secrets alone is told of the KMS by them. Without a provider, a key file of the stack's own keeps the keys.
KMS_PASSED_ON = (
    "PAAS_KMS_PROVIDER",
    "PAAS_KMS_KEY_RING",
    "PAAS_KMS_ENDPOINT",
    "PAAS_KMS_KEYS_HELD_SECONDS",
    "GOOGLE_APPLICATION_CREDENTIALS",
)
# What the gateway tells clients of single sign-on. Without an issuer, `make signin` is how people sign in.
SSO_TOLD = ("PAAS_SSO_ISSUER", "PAAS_SSO_CLI_CLIENT_ID", "PAAS_SSO_SCOPES")
# What the dashboard is told of single sign-on. Without a secret of its client there, people come with links.
SSO_OF_PAGES = (
    "PAAS_SSO_ISSUER",
    "PAAS_SSO_ADDRESS",
    "PAAS_SSO_CA_FILE",
    "PAAS_SSO_CLIENT_ID",
    "PAAS_SSO_CLIENT_SECRET_FILE",
    "PAAS_SSO_SCOPES",
)
# What tokens is told of who reports leaked tokens. Without it, the gateway takes no reports.
LEAKS_PASSED_ON = ("PAAS_LEAKS_KEYS_URL", "PAAS_LEAKS_KEYS_CA_FILE")
# What tokens and the sign-in check are told of single sign-on.
SSO_PASSED_ON = (
    "PAAS_SSO_ISSUER",
    "PAAS_SSO_AUDIENCE",
    "PAAS_SSO_CLIENTS",
    "PAAS_SSO_JWKS_URL",
    "PAAS_SSO_TOKEN_URL",
    "PAAS_SSO_CA_FILE",
    "PAAS_SSO_TENANT_CLAIM",
    "PAAS_SSO_USER_CLAIM",
    "PAAS_SSO_ROLES_CLAIM",
    "PAAS_SSO_DIRECTORY_URL",
    "PAAS_SSO_DIRECTORY_CLIENT_ID",
    "PAAS_SSO_DIRECTORY_SECRET_FILE",
)

# What tokens is told of CI systems, whose tokens it exchanges.
EXCHANGE_PASSED_ON = ("PAAS_EXCHANGE_ISSUERS", "PAAS_EXCHANGE_CA_FILE")

# What audit is told of where events are sent as well. Without it, nowhere: `paas audit --follow` shows them.
SINKS_PASSED_ON = (
    "PAAS_SINKS",
    "PAAS_SINKS_BEGIN",
    "PAAS_SINK_FILE",
    "PAAS_SINK_WEBHOOK_URL",
    "PAAS_SINK_WEBHOOK_SECRET_FILES",
    "PAAS_SINK_WEBHOOK_CA_FILE",
    "PAAS_SINK_OTLP_URL",
    "PAAS_SINK_OTLP_HEADERS_FILE",
    "PAAS_SINK_OTLP_CA_FILE",
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a stack is: its folders, its ports, how many of each process there are, its databases, and the kubeconfig
    of the cluster that apps run in, None for this machine.
    """

    layout: Layout
    base_port: int
    workers: int
    postgres: Postgres
    kubeconfig: Path | None = None

    def address(self, listener: str, *, worker: int = 1) -> str:
        """Where one process listens, host:port."""
        return f"{HOST}:{port_of(listener, base_port=self.base_port, worker=worker)}"

    def addresses(self, listener: str) -> str:
        """Where all processes of a service listen, as its clients are told."""
        return ",".join(self.address(listener, worker=worker) for worker in self.numbers)

    @property
    def numbers(self) -> range:
        """The numbers of the processes of each kind."""
        return range(1, self.workers + 1)


def worker_name(process: str, worker: int) -> str:
    """What one of the processes of a kind is called among the parts."""
    return process if worker == 1 else f"{process}-{worker}"


def process_environment(process: str, *, site: Site, worker: int = 1) -> dict[str, str]:
    """The environment of one process: settings and the paths of its credentials."""
    layout, postgres, service = site.layout, site.postgres, service_of(process)
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {
        "PAAS_LISTEN": site.address(process, worker=worker),
        "PAAS_DATABASE_URL": postgres.socket_url(service, user=service),
        "PAAS_DATABASE_PASSWORD_FILE": str(layout.passwords / service),
        "PAAS_TLS_CERT_FILE": str(layout.tls / f"{service}.pem"),
        "PAAS_TLS_KEY_FILE": str(layout.tls / f"{service}.key"),
        "PAAS_TLS_CA_FILE": str(layout.tls / "ca.pem"),
        "PAAS_METRICS_LISTEN": site.address(metrics_of(process), worker=worker),
        "PAAS_PAGE_KEY_FILE": str(layout.page_key(service)),
        "PAAS_LOG_LEVEL": "info",
        "PAAS_ENVIRONMENT": "local",
        "PAAS_DRAIN_SECONDS": str(_DRAIN_SECONDS if site.workers > 1 else 0),
    }
    for peer in PEERS[service]:
        environment[f"PAAS_{peer.upper()}_ADDRESS"] = site.addresses(peer)
    if process in SERVICES:
        environment["PAAS_PUBLIC_LISTEN"] = site.address(public_of(process), worker=worker)
    return environment | _of_its_own(process, site)


def process_part(process: str, *, site: Site, worker: int) -> Part:
    """How the supervisor runs one process of a service."""
    name = worker_name(process, worker)
    return Part(
        name=name,
        command=(sys.executable, "-m", f"services.{service_of(process)}"),
        environment=process_environment(process, site=site, worker=worker),
        log=site.layout.log(name),
    )


def dashboard_part(*, site: Site) -> Part:
    """How the supervisor runs the dashboard, of which there is one."""
    layout = site.layout
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | _told(SSO_OF_PAGES)
    environment |= {
        "PAAS_LISTEN": site.address(DASHBOARD),
        "PAAS_METRICS_LISTEN": site.address(metrics_of(DASHBOARD)),
        "PAAS_GATEWAY_ADDRESS": site.address(FOR_DASHBOARD),
        "PAAS_URL": os.environ.get("PAAS_DASHBOARD_URL") or f"http://{site.address(GATEWAY)}{PREFIX}",
        "PAAS_DATABASE_URL": site.postgres.socket_url(DASHBOARD, user=DASHBOARD),
        "PAAS_DATABASE_PASSWORD_FILE": str(layout.passwords / DASHBOARD),
        "PAAS_TLS_CERT_FILE": str(layout.tls / f"{DASHBOARD}.pem"),
        "PAAS_TLS_KEY_FILE": str(layout.tls / f"{DASHBOARD}.key"),
        "PAAS_TLS_CA_FILE": str(layout.tls / "ca.pem"),
        "PAAS_LOG_LEVEL": "info",
    }
    if "PAAS_SSO_CLIENT_SECRET_FILE" not in environment:
        # People come with links then, also where the command line signs in at a provider.
        environment.pop("PAAS_SSO_ISSUER", None)
    return Part(
        name=DASHBOARD,
        command=(sys.executable, "-m", "dashboard"),
        environment=environment,
        log=layout.log(DASHBOARD),
    )


def gateway_part(*, site: Site) -> Part:
    """Writes the gateway's configuration and says how the supervisor runs it."""
    layout, base_port = site.layout, site.base_port

    def at(listener: str) -> list[Address]:
        return [Address(HOST, port_of(listener, base_port=base_port, worker=worker)) for worker in site.numbers]

    configuration = layout.run / "envoy.json"
    settings = GatewaySettings(
        listen=Address(HOST, port_of(GATEWAY, base_port=base_port)),
        upstreams={name: at(public_of(name)) for name in SERVICES},
        sign_in_check=at(SIGN_IN_CHECK),
        dashboard=[Address(HOST, port_of(DASHBOARD, base_port=base_port))],
        dashboard_listen=Address(HOST, port_of(FOR_DASHBOARD, base_port=base_port)),
        credentials=Credentials(layout.tls / f"{GATEWAY}.pem", layout.tls / f"{GATEWAY}.key", layout.tls / "ca.pem"),
        access_log=layout.log("gateway-access"),
        single_sign_on=_single_sign_on(),
        takes_leaks=bool(os.environ.get("PAAS_LEAKS_KEYS_URL")),
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


def _single_sign_on() -> SingleSignOn | None:
    """As whoever starts the stack has it in the environment. Raises LocalFailure where that is not usable."""
    told = _told(SSO_TOLD)
    try:
        return single_sign_on(
            told.get("PAAS_SSO_ISSUER", ""),
            client_id=told.get("PAAS_SSO_CLI_CLIENT_ID", "paas-cli"),
            scopes=told.get("PAAS_SSO_SCOPES", "openid"),
        )
    except SettingsError as error:
        raise LocalFailure(str(error)) from None


def _of_its_own(process: str, site: Site) -> dict[str, str]:
    layout = site.layout
    if process == "secrets":
        return _of_the_kms(layout)
    if process == "audit":
        return {
            "PAAS_LOG_FOLDER": str(layout.published_logs),
            "PAAS_LOG_KEY_FILES": str(layout.log_key),
            "PAAS_LOG_ORIGIN": LOG_ORIGIN,
            # An empty list as well, which audit refuses: whoever set it meant something.
            **{name: os.environ[name] for name in SINKS_PASSED_ON if name in os.environ},
        }
    if process in {"tokens", SIGN_IN_CHECK}:
        serves = "check" if process == SIGN_IN_CHECK else "methods"
        told = _told((*SSO_PASSED_ON, *EXCHANGE_PASSED_ON, *LEAKS_PASSED_ON))
        return {"PAAS_SIGNING_KEY_FILE": str(layout.signing_key), "PAAS_SERVES": serves, **told}
    if process == "releaser" and site.kubeconfig is not None:
        return {"PAAS_RUNTIME": "kubernetes", "PAAS_KUBECONFIG": str(site.kubeconfig)}
    if process == "releaser":
        return {"PAAS_RUNTIME": "local", "PAAS_RUNTIME_DIR": str(layout.apps)}
    return {}


def _told(names: Sequence[str]) -> dict[str, str]:
    """Those of the variables that whoever starts the stack has set."""
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _of_the_kms(layout: Layout) -> dict[str, str]:
    told = _told(KMS_PASSED_ON)
    if told.setdefault("PAAS_KMS_PROVIDER", "local") == "local":
        told["PAAS_KMS_KEY_FILE"] = str(layout.kms_key)
    return told
