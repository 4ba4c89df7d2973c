"""The identity provider that people sign in at, as the settings name it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Which claims of an access token say whose tenant, who, and in which roles."""

    tenant: str
    user: str
    roles: str


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Where the provider tells of people, and with which client of ours it is asked."""

    url: str
    token_url: str
    client_id: str
    secret_file: Path


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Whom we believe: the issuer, exactly as it writes itself; for whom its tokens must be, made for which clients."""

    issuer: str
    audience: str
    clients: frozenset[str]
    jwks_url: str
    ca_file: Path | None
    claims: Claims
    directory: Directory
