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
