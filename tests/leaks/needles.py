"""What is looked for: every planted value in every encoding, by what kind of value it is."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization

from tests.e2e.detectors import forms
from tests.e2e.installation import Installation
from tests.leaks.planting import Planted

Needles = Mapping[str, list[bytes]]


@dataclass(frozen=True)
class Wanted:
    """Needles by kind, and how many values they stand for."""

    secrets: Needles = field(repr=False)
    vars: Needles = field(repr=False)
    tokens: Needles = field(repr=False)
    credentials: Needles = field(repr=False)
    values: int

    @property
    def everything(self) -> dict[str, Needles]:
        """All of them."""
        return {name: getattr(self, name) for name in ("secrets", "vars", "tokens", "credentials")}

    @property
    def hidden(self) -> dict[str, Needles]:
        """Those that no database holds in plain text."""
        return {name: needles for name, needles in self.everything.items() if name != "vars"}


def wanted(installation: Installation, planted: Planted) -> Wanted:
    """Read what the stack made for itself, and put everything into every form."""
    layout, canaries = installation.stack.layout, installation.canaries
    passwords = [path.read_text().strip() for path in sorted(layout.passwords.iterdir())]
    signing = serialization.load_pem_private_key(layout.signing_key.read_bytes(), password=None)
    raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    keys = [base64.b64decode(layout.kms_key.read_bytes()), signing.private_bytes(*raw)]
    tokens = [token.removeprefix("paas_pat_") for token in canaries.tokens]
    return Wanted(
        secrets=forms(canaries.secret_mark),
        vars=forms(canaries.config_mark),
        tokens=_together([forms(token) for token in tokens]),
        credentials=_together([*map(forms, passwords), *map(_of_bytes, keys)]),
        values=len({*planted.secrets, *planted.vars, *tokens, *passwords, *keys}),
    )


def _of_bytes(key: bytes) -> dict[str, list[bytes]]:
    shifted = [base64.b64encode(b"\0" * shift + key).rstrip(b"=") for shift in range(3)]
    inner = [text[4:-4] if shift else text[:-4] for shift, text in enumerate(shifted)]
    urls = [text.replace(b"+", b"-").replace(b"/", b"_") for text in inner]
    return {
        "plain": [key],
        "reversed": [key[::-1]],
        "hex": [key.hex().encode(), key.hex().upper().encode()],
        "hex with spaces": [key.hex(" ").encode(), key.hex(":").encode()],
        "base64": [*inner, *urls],
        "octal escapes": ["".join(f"\\{byte:03o}" for byte in key).encode()],
        "decimal list": [", ".join(map(str, key)).encode()],
    }


def _together(many: list[dict[str, list[bytes]]]) -> Needles:
    # Eight random characters of one value say nothing when there are many places to look; whole ones do.
    names = {name for one in many for name in one if name != "in pieces"}
    return {name: [needle for one in many for needle in one.get(name, [])] for name in sorted(names)}
