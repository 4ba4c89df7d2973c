"""What a gateway is told when it starts: its own addresses, those of the services, its certificate."""

import re
from dataclasses import dataclass
from pathlib import Path

from gateway.settings import Address, Credentials, GatewaySettings, SingleSignOn
from paaskit.settings import SettingsError, TlsSettings, setting

_UPSTREAMS = ("config", "secrets", "tokens", "audit", "releaser")


@dataclass(frozen=True, kw_only=True)
class Settings(TlsSettings):
    """Each address of a service is host:port, or several of them with commas; a name may stand for many processes."""

    listen: str = setting("The address that clients connect to, host:port.")
    health_listen: str = setting("The address of the pages /alive and /ready, host:port.")
    config_address: str = setting("Where config serves users' methods, host:port.")
    secrets_address: str = setting("Where secrets serves users' methods, host:port.")
    tokens_address: str = setting("Where tokens serves users' methods, host:port.")
    audit_address: str = setting("Where audit serves users' methods, host:port.")
    releaser_address: str = setting("Where releaser serves users' methods, host:port.")
    sign_in_check_address: str = setting("Where tokens serves the sign-in check, host:port.")
    dashboard_address: str = setting(
        "Where the dashboard serves its pages, host:port; without it there are none.", default=""
    )
    dashboard_listen: str = setting(
        "The address that the dashboard's own calls come to, host:port; set with the one of its pages.", default=""
    )
    hsts: str = setting(
        "What browsers are told in Strict-Transport-Security, as the dashboard is told; empty for nothing.",
        default="max-age=31536000",
    )
    run_dir: str = setting("A folder that only this process writes: Envoy's configuration and its private socket.")
    sso_issuer: str = setting(
        "The OpenID Connect issuer that people sign in at, https://..., exactly as it names itself; without it, the "
        "operator gives sign-ins and nobody else.",
        default="",
    )
    sso_cli_client_id: str = setting("The public client that the command line is there.", default="paas-cli")
    sso_scopes: str = setting("What the command line asks for there, separated by spaces.", default="openid")
    leaks_keys_url: str = setting(
        "What tokens is told of whoever reports leaked tokens; without it there is no path for reports.", default=""
    )
    threads: int = setting("How many threads answer requests.", default=2)
    drain_seconds: int = setting("How long connections are asked to go elsewhere before they are closed.", default=20)

    @property
    def configuration(self) -> Path:
        """Where Envoy's configuration is written."""
        return Path(self.run_dir) / "envoy.json"

    @property
    def admin_socket(self) -> Path:
        """The Unix socket on which Envoy is told to drain; whoever can open it can stop it."""
        return Path(self.run_dir) / "admin.sock"


def gateway_settings(settings: Settings) -> GatewaySettings:
    """What the configuration is built from. Raises SettingsError naming an address that is none, or is missing."""
    pages, calls = settings.dashboard_address, settings.dashboard_listen
    if bool(pages) != bool(calls):
        raise SettingsError(
            "PAAS_DASHBOARD_ADDRESS and PAAS_DASHBOARD_LISTEN go together: pages are of no use without their calls."
        )
    return GatewaySettings(
        listen=_address("PAAS_LISTEN", settings.listen),
        health_listen=_address("PAAS_HEALTH_LISTEN", settings.health_listen),
        upstreams={
            name: _addresses(f"PAAS_{name.upper()}_ADDRESS", getattr(settings, f"{name}_address"))
            for name in _UPSTREAMS
        },
        sign_in_check=_addresses("PAAS_SIGN_IN_CHECK_ADDRESS", settings.sign_in_check_address),
        dashboard=_addresses("PAAS_DASHBOARD_ADDRESS", pages) if pages else (),
        dashboard_listen=_address("PAAS_DASHBOARD_LISTEN", calls) if calls else None,
        credentials=Credentials(settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file),
        access_log=Path("/dev/stdout"),
        admin_socket=settings.admin_socket,
        single_sign_on=single_sign_on(
            settings.sso_issuer, client_id=settings.sso_cli_client_id, scopes=settings.sso_scopes
        ),
        takes_leaks=bool(settings.leaks_keys_url),
        hsts=settings.hsts,
    )


def single_sign_on(issuer: str, *, client_id: str, scopes: str) -> SingleSignOn | None:
    """What clients are told of it; None where no issuer is set. Raises SettingsError where it is not usable."""
    if not issuer:
        return None
    # OpenID Connect Core, section 2: an https URL without query or fragment.
    if re.fullmatch(r"https://[A-Za-z0-9._:\[\]-]+(/[^\s?#]*)?", issuer) is None:
        raise SettingsError("PAAS_SSO_ISSUER is unusable: an issuer is an https:// URL without query or fragment.")
    return SingleSignOn(issuer, client_id, tuple(scopes.split()))


def _addresses(variable: str, text: str) -> list[Address]:
    return [_address(variable, each) for each in text.split(",")]


def _address(variable: str, text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError(f"{variable} is unusable: {text} is not host:port.")
    return Address(host, int(port))
