"""Signing what a webhook gets, as Standard Webhooks has it, so that tools there are verify it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: HMAC-SHA256 over the id, the
time and the body, with a secret that both sides have. Must not log or show a secret.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from paaskit.settings import SettingsError

_PREFIX: Final = "whsec_"
_LEAST, _MOST = 24, 64
_MOST_SECRETS: Final = 2


@dataclass(frozen=True)
class Secrets:
    """One secret, or two while the receiver goes from one to the other."""

    secrets: Sequence[bytes] = field(repr=False)

    def headers(self, message_id: str, *, timestamp: int, body: bytes) -> Mapping[str, str]:
        """Return the headers of a message: who has one of the secrets verifies it by them."""
        content = f"{message_id}.{timestamp}.".encode() + body
        signatures = [base64.b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in self.secrets]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        }


def load_secrets(paths: str, name: str) -> Secrets:
    """Read the secrets of files whose paths stand between commas, the value of the variable `name`.

    Raises SettingsError.
    """
    found = [_load(Path(path.strip()), name) for path in paths.split(",")]
    if len(found) > _MOST_SECRETS:
        raise SettingsError(f"{name} names more than {_MOST_SECRETS} files: the secret, and the one before it.")
    return Secrets(found)


def _load(path: Path, name: str) -> bytes:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsError(f"{name}: {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        text = ""
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        secret = b""
    if not text.startswith(_PREFIX) or not _LEAST <= len(secret) <= _MOST:
        raise SettingsError(
            f"{name}: {path} holds no secret of a webhook: {_PREFIX} and {_LEAST} to {_MOST} random bytes in base64."
        )
    return secret
