"""The key management service (KMS): keeps the keys that wrap tenants' keys, and never gives them out.

A provider wraps and unwraps small keys; it never sees a secret. `gcp.py` alone may hold access to Cloud KMS.
"""

from services.secrets.keys.kms.choice import KmsSettings, open_key_management
from services.secrets.keys.kms.protocol import (
    DATABASE_CHECK,
    KeyManagement,
    KeyName,
    KeyRingMissingError,
    KmsKey,
    UnwrapError,
    tenant_key,
)

__all__ = [
    "DATABASE_CHECK",
    "KeyManagement",
    "KeyName",
    "KeyRingMissingError",
    "KmsKey",
    "KmsSettings",
    "UnwrapError",
    "open_key_management",
    "tenant_key",
]
