"""What secrets is told when it starts."""

from dataclasses import dataclass
from pathlib import Path

from paaskit.settings import ServiceSettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """Where secrets finds its neighbours and its keys."""

    tokens_address: str = setting("Where tokens listens, host:port; asked for the keys that verify identities.")
    audit_address: str = setting("Where audit listens, host:port; told of every change and every reveal.")
    most_undelivered_events: int = setting(
        "How many events may wait while audit is away before secrets are not read any more.", default=100_000
    )
    config_address: str = setting("Where config listens, host:port; asked for apps and for names.")
    releaser_address: str = setting("Where releaser listens, host:port; told to release a change.")
    kms_provider: str = setting(
        "Who keeps the keys that wrap tenants' keys: gcp (Cloud KMS), or local (one machine only)."
    )
    kms_key_file: Path | None = setting("For the local provider: a file with 32 random bytes, base64.", default=None)
    kms_key_ring: str = setting(
        "For the gcp provider: the key ring, projects/…/locations/…/keyRings/…, for this installation alone.",
        default="",
    )
    kms_endpoint: str = setting(
        "For the gcp provider: where Cloud KMS is, host:port, if not at Google's usual address. An address of this "
        "machine is called without TLS, and not in production.",
        default="",
    )
    kms_keys_held_seconds: int = setting(
        "How long tenants' keys stay in memory, from 1 to 300 seconds: reads outlive the KMS for so long.", default=300
    )
