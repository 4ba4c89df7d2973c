"""Which provider keeps the keys, from the settings. There is no default, and none takes the place of another."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paaskit.settings import SettingsError
from services.secrets.keys.kms.local import LocalKeyManagement
from services.secrets.keys.kms.protocol import KeyManagement

GOOGLE: Final = "cloudkms.googleapis.com:443"
_LOCAL_ENVIRONMENT: Final = "local"
# As Google has them: https://cloud.google.com/kms/docs/resource-hierarchy
_KEY_RING: Final = re.compile(r"projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]{1,63}\Z")
_ENDPOINT: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}\Z")


@dataclass(frozen=True, kw_only=True)
class KmsSettings:
    """What is said of the KMS: see services/secrets/settings.py. Empty is not said."""

    provider: str
    key_file: Path | None = None
    key_ring: str = ""
    endpoint: str = ""
    environment: str


def open_key_management(settings: KmsSettings) -> KeyManagement:
    """Return the provider asked for. Raises SettingsError for an unknown one, or where its settings don't fit."""
    if settings.provider == "gcp":
        return _gcp(settings)
    if settings.provider == "local":
        return _local(settings)
    raise SettingsError("PAAS_KMS_PROVIDER: the providers are gcp (Cloud KMS) and local (a key file, for one machine).")


def _local(settings: KmsSettings) -> KeyManagement:
    if settings.environment != _LOCAL_ENVIRONMENT:
        raise SettingsError("PAAS_KMS_PROVIDER: the local provider is for one machine, not for production; use gcp.")
    if settings.key_ring or settings.endpoint:
        # Whoever says where Cloud KMS is means it, and must not get a file in its place.
        raise SettingsError("PAAS_KMS_KEY_RING and PAAS_KMS_ENDPOINT are gcp's, and PAAS_KMS_PROVIDER is local.")
    if settings.key_file is None:
        raise SettingsError("PAAS_KMS_KEY_FILE is not set; the local provider needs it.")
    return LocalKeyManagement(settings.key_file)


def _gcp(settings: KmsSettings) -> KeyManagement:
    if settings.key_file is not None:
        raise SettingsError("PAAS_KMS_KEY_FILE is the local provider's, and PAAS_KMS_PROVIDER is gcp.")
    if not settings.key_ring:
        raise SettingsError(
            "PAAS_KMS_KEY_RING is not set; the gcp provider needs it: projects/…/locations/…/keyRings/…"
        )
    if not _KEY_RING.match(settings.key_ring):
        raise SettingsError("PAAS_KMS_KEY_RING is not of the form projects/…/locations/…/keyRings/…")
    endpoint = settings.endpoint or GOOGLE
    if not _ENDPOINT.match(endpoint):
        raise SettingsError("PAAS_KMS_ENDPOINT is not of the form host:port.")
    loopback = is_loopback(endpoint)
    if loopback and settings.environment != _LOCAL_ENVIRONMENT:
        raise SettingsError(
            "PAAS_KMS_ENDPOINT is on this machine, where nothing is encrypted or signed in: that is not for production."
        )
    # It takes a second to import, and is a privilege: only where it is used.
    from services.secrets.keys.kms.gcp import open_cloud_kms

    return open_cloud_kms(settings.key_ring, endpoint=endpoint, insecure=loopback)


def is_loopback(endpoint: str) -> bool:
    """Whether host:port is an address of this machine. A name never is: what it stands for is not ours to say."""
    try:
        return ipaddress.ip_address(endpoint.rpartition(":")[0].strip("[]")).is_loopback
    except ValueError:
        return False
