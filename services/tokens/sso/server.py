"""The composition root of signing in at an identity provider: what the check needs of it, and what the methods do."""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from paaskit.audit import Record
from paaskit.clock import utc_now
from paaskit.rotating_keys import RotatingKeys
from paaskit.server import Background
from paaskit.settings import SettingsError, https_url
from services.tokens.settings import Settings
from services.tokens.sso.authentication import CountWrong, ProviderAuthenticator
from services.tokens.sso.directory import KeycloakDirectory
from services.tokens.sso.keys import fetch_keys
from services.tokens.sso.makers import Makers, MakerStore
from services.tokens.sso.provider import Claims, Directory, Provider
from services.tokens.sso.sign_ins import SignIns

_NEEDED: Final = ("sso_directory_client_id", "sso_directory_secret_file")
_TIMEOUT_SECONDS: Final = 5.0
_FETCH_KEYS_EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class SignInAtProvider:
    """What the check needs: who accepts access tokens, what runs beside it, and what has to be closed."""

    authenticator: ProviderAuthenticator
    background: Background
    client: httpx.AsyncClient


@dataclass(frozen=True, kw_only=True)
class MakersWatched:
    """What the methods need: what limits tokens to what their makers may do, and what has to be closed."""

    background: Background
    client: httpx.AsyncClient


def provider_of(settings: Settings) -> Provider | None:
    """Return the provider that the settings name; None where people don't sign in at one.

    Raises SettingsError where something that belongs to it is missing, or an address is not https (CVE-2026-48522).
    """
    if not settings.sso_issuer:
        return None
    missing = [f"PAAS_{name.upper()}" for name in _NEEDED if not getattr(settings, name)]
    if missing or settings.sso_directory_secret_file is None:
        raise SettingsError(
            f"{' and '.join(missing)}: not set. PAAS_SSO_ISSUER is, and the provider must be asked whether people who "
            "made tokens may still do what these may."
        )
    issuer = https_url(settings.sso_issuer, "PAAS_SSO_ISSUER").removesuffix("/")
    return Provider(
        issuer=settings.sso_issuer,
        audience=settings.sso_audience,
        clients=frozenset(client for each in settings.sso_clients.split(",") if (client := each.strip())),
        jwks_url=https_url(settings.sso_jwks_url or f"{issuer}/protocol/openid-connect/certs", "PAAS_SSO_JWKS_URL"),
        ca_file=settings.sso_ca_file,
        claims=Claims(tenant=settings.sso_tenant_claim, user=settings.sso_user_claim, roles=settings.sso_roles_claim),
        directory=Directory(
            url=https_url(settings.sso_directory_url or _admin_url(issuer), "PAAS_SSO_DIRECTORY_URL").removesuffix("/"),
            token_url=https_url(
                settings.sso_token_url or f"{issuer}/protocol/openid-connect/token", "PAAS_SSO_TOKEN_URL"
            ),
            client_id=settings.sso_directory_client_id,
            secret_file=settings.sso_directory_secret_file,
        ),
    )


def sign_in_at(provider: Provider, *, record: Record, count_wrong: CountWrong) -> SignInAtProvider:
    """Return what accepts the access tokens of `provider`."""
    client = open_client(provider.ca_file)
    keys = RotatingKeys(lambda: fetch_keys(client, provider.jwks_url), clock=utc_now, fetch_every=_FETCH_KEYS_EVERY)
    sign_ins = SignIns(record=record)
    authenticator = ProviderAuthenticator(provider, keys, people=sign_ins, count_wrong=count_wrong)
    return SignInAtProvider(authenticator=authenticator, background=sign_ins.run, client=client)


def makers_watched(provider: Provider, store: MakerStore) -> MakersWatched:
    """Return what asks `provider` about people who made tokens."""
    client = open_client(provider.ca_file)
    directory = KeycloakDirectory(client, provider.directory, tenant_attribute=provider.claims.tenant, clock=utc_now)
    return MakersWatched(background=Makers(store, directory, clock=utc_now).run, client=client)


def open_client(ca_file: Path | None) -> httpx.AsyncClient:
    """Return a client that trusts this CA, or without it the system's, follows no redirects, and takes no proxy from
    the environment.
    """
    trusted = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    return httpx.AsyncClient(verify=trusted, timeout=_TIMEOUT_SECONDS, trust_env=False)


def _admin_url(issuer: str) -> str:
    """Return where Keycloak's Admin REST API tells of a realm, given the realm's issuer."""
    return issuer.replace("/realms/", "/admin/realms/", 1)
