"""The settings of the dashboard. Read in the composition root alone."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from paaskit.settings import SettingsError, TlsSettings, setting

PREFIX = "/runtime/dashboard/"
"""Where the pages are below the host, as the product has it. The gateway's configuration says the same."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, kw_only=True)
class Settings(TlsSettings):
    """What the dashboard needs."""

    listen: str = setting("The address to serve the pages on, host:port, which only the gateway has to reach.")
    metrics_listen: str = setting(
        "The address to serve metrics on, host:port, in plain HTTP to whoever reaches it; without it there are none.",
        default="",
    )
    gateway_address: str = setting("Where the gateway takes the dashboard's calls, host:port.")
    url: str = setting(f"Where people find the pages, https://host{PREFIX}: what their browsers are sent back to.")
    hsts: str = setting(
        "What browsers are told in Strict-Transport-Security where the pages are at https; empty for nothing.",
        default="max-age=31536000",
    )
    database_url: str = setting("The PostgreSQL database of sessions, as a URL without a password.")
    database_password_file: Path = setting("A file with the password of the database role.")
    idle_minutes: int = setting("After how long without a visit a browser is signed out.", default=30)
    session_hours: int = setting("After how long a browser is signed out, whatever it does.", default=12)
    sso_issuer: str = setting(
        "The OpenID Connect issuer that people sign in at, https://..., exactly as it names itself; without it, people "
        "come with a link that `paas open` gives.",
        default="",
    )
    sso_client_id: str = setting("The confidential client that the dashboard is there.", default="paas-dashboard")
    sso_client_secret_file: Path | None = setting("A file with the client's secret.", default=None)
    sso_ca_file: Path | None = setting(
        "The CA that the issuer's certificate is from, PEM; without it, as the system has it.", default=None
    )
    sso_address: str = setting(
        "Where the issuer is reached from here, host:port, if not at the address of its name; its certificate has to "
        "be for that name all the same.",
        default="",
    )
    sso_scopes: str = setting("What is asked for there, separated by spaces.", default="openid")
    log_level: str = setting("The least level that is logged: debug, info, warning or error.", default="info")

    @property
    def origin(self) -> str:
        """Scheme, host and port of the pages: what a browser says its requests come from."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def checked(settings: Settings) -> Settings:
    """Return the settings where they go together. Raises SettingsError naming the one that does not."""
    parts = urlsplit(settings.url)
    plain = parts.scheme == "http" and (parts.netloc.rpartition(":")[0] or parts.netloc) in _LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise SettingsError("PAAS_URL is unusable: pages are at an https:// address, or on this machine at http://.")
    if parts.path != PREFIX:
        raise SettingsError(f"PAAS_URL is unusable: the pages are at {PREFIX} of it, with the slash at its end.")
    if settings.sso_issuer and not settings.sso_issuer.startswith("https://"):
        raise SettingsError("PAAS_SSO_ISSUER is unusable: an issuer is an https:// URL.")
    if settings.sso_issuer and settings.sso_client_secret_file is None:
        raise SettingsError("PAAS_SSO_CLIENT_SECRET_FILE is not set, and PAAS_SSO_ISSUER is: the client needs it.")
    if settings.sso_address and not _is_host_and_port(settings.sso_address):
        raise SettingsError(
            "PAAS_SSO_ADDRESS is unusable: where the issuer is reached is host:port, such as keycloak:8443, and no URL."
        )
    return settings


def _is_host_and_port(address: str) -> bool:
    parts = urlsplit(f"//{address}")
    try:
        return bool(parts.hostname and parts.port) and parts.netloc == address and parts.username is None
    except ValueError:  # a port that is none
        return False
