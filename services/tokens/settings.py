"""The settings of `tokens`. Read in the composition roots alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paaskit.settings import ServiceSettings, setting

ALL: Final = "all"
METHODS: Final = "methods"
CHECK: Final = "check"


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """What `tokens` needs beside what every service needs."""

    serves: str = setting(
        "What this process serves: all, or methods (users' and services') or check (the gateway's), which are then to "
        "be processes of their own.",
        default=ALL,
    )
    check_listen: str = setting(
        "The address to serve the sign-in check on, host:port, which only the gateway has to reach; without it with "
        "users' methods, and at `listen` where the check is all that is served.",
        default="",
    )
    audit_address: str = setting("Where audit is reached, host:port.")
    config_address: str = setting("Where config is reached, asked which apps a new token is limited to, host:port.")
    signing_key_file: Path = setting("The Ed25519 private key that signs identities, PEM PKCS #8.")
    leaks_keys_url: str = setting(
        "Where the public keys are of who reports leaked tokens, https://...; of GitHub's secret scanning "
        "https://api.github.com/meta/public_keys/secret_scanning. Without it no reports are taken.",
        default="",
    )
    leaks_keys_ca_file: Path | None = setting(
        "The CA of the certificate there, PEM; without it those of the system.", default=None
    )
    sso_issuer: str = setting(
        "The identity provider that people sign in at, exactly as it writes itself in the claim `iss`; without it they "
        "sign in by what an operator issues.",
        default="",
    )
    sso_audience: str = setting("For whom the provider's access tokens must be.", default="paas-api")
    sso_clients: str = setting(
        "The provider's clients whose tokens are accepted, separated by commas.", default="paas-cli,paas-dashboard"
    )
    sso_jwks_url: str = setting("Where the provider publishes its keys; without it where Keycloak does.", default="")
    sso_token_url: str = setting("Where the provider issues tokens; without it where Keycloak does.", default="")
    sso_ca_file: Path | None = setting(
        "The CA of the provider's certificate, PEM; without it those of the system.", default=None
    )
    sso_tenant_claim: str = setting("The claim with the tenant's name.", default="tenant")
    sso_user_claim: str = setting("The claim with the person's name.", default="preferred_username")
    sso_roles_claim: str = setting("The claim with the person's roles: viewer, developer, admin.", default="roles")
    sso_directory_url: str = setting(
        "Keycloak's Admin REST API for the realm, asked whether people who made tokens still may what these may; "
        "without it where Keycloak has it.",
        default="",
    )
    sso_directory_client_id: str = setting("Our client that may view the realm's users.", default="")
    sso_directory_secret_file: Path | None = setting("A file with the secret of that client.", default=None)
    exchange_issuers: str = setting(
        "The CI systems whose tokens trusts may take, exactly as these write themselves in the claim `iss`, separated "
        "by commas; one that ends in /* is each with one more part of a path, and `none` is none. Keys are fetched "
        "from nowhere else.",
        default="https://token.actions.githubusercontent.com,https://token.actions.githubusercontent.com/*,"
        "https://gitlab.com,https://oidc.circleci.com/org/*",
    )
    exchange_ca_file: Path | None = setting(
        "The CA of these systems' certificates, PEM; without it those of the system.", default=None
    )
