"""What secrets is told when it starts."""

from dataclasses import dataclass
from pathlib import Path

from paaskit.settings import ServiceSettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """Where secrets finds its neighbours and its keys."""

    tokens_address: str = setting("Where tokens listens, host:port; asked for the keys that verify identities.")
    audit_address: str = setting("Where audit listens, host:port; told of every change and every reveal.")
    config_address: str = setting("Where config listens, host:port; asked for apps and for names.")
    releaser_address: str = setting("Where releaser listens, host:port; told to release a change.")
    kms_provider: str = setting("Who keeps the key-encryption keys: local (one machine only).")
    kms_key_file: Path | None = setting("For the local provider: a file with 32 random bytes, base64.", default=None)
