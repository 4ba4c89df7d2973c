"""The settings of `tokens`. Read in the composition root alone."""

from dataclasses import dataclass
from pathlib import Path

from paaskit.settings import ServiceSettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """What `tokens` needs beside what every service needs."""

    audit_address: str = setting("Where audit is reached, host:port.")
    config_address: str = setting("Where config is reached, asked which apps a new token is limited to, host:port.")
    signing_key_file: Path = setting("The Ed25519 private key that signs identities, PEM PKCS #8.")
