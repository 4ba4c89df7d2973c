"""What the gateway's configuration is built from. It must not read the environment or the disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Address:
    """A TCP address: `host` is an IP address or a DNS name."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Credentials:
    """PEM files of one mTLS identity and of the only CA it trusts."""

    certificate: Path
    key: Path
    ca: Path


@dataclass(frozen=True)
class SingleSignOn:
    """Where people sign in with OpenID Connect, and as which client the command line does: what anybody may know."""

    # The issuer's URL, exactly as it names itself.
    issuer: str
    client_id: str
    scopes: Sequence[str]


@dataclass(frozen=True)
class GatewaySettings:
    """Everything that differs between one gateway and the next."""

    # Where clients connect.
    listen: Address
    # Where each service serves users' methods, by the service's name: one address for each of its processes.
    upstreams: Mapping[str, Sequence[Address]]
    # Where tokens serves the sign-in check.
    sign_in_check: Sequence[Address]
    # The gateway's own identity, `spiffe://paas/gateway`.
    credentials: Credentials
    # Where one JSON line a request goes.
    access_log: Path
    # Where the pages for a kubelet's probes are, if anywhere.
    health_listen: Address | None = None
    # The Unix socket on which Envoy can be told to drain, if it can. It is its owner's alone.
    admin_socket: Path | None = None
    # How people sign in; without it, as the operator of this installation has it.
    single_sign_on: SingleSignOn | None = None
    # Where the dashboard serves its pages, one address for each of its processes; without it there are none.
    dashboard: Sequence[Address] = ()
    # Where the dashboard's own calls come in.
    dashboard_listen: Address | None = None
    # What browsers are told in Strict-Transport-Security; empty for nothing, as where they come over http.
    hsts: str = ""
    # Whether reports of leaked tokens are taken, which tokens has to be told as well.
    takes_leaks: bool = False
