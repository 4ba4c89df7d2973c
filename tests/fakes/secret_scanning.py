"""GitHub's secret scanning, as far as its partners see it: the page of its public keys, on a real socket, and reports.

with SecretScanning(folder) as github:
    github.keys_url, github.ca_file                 # https://localhost:PORT/meta/public_keys/secret_scanning, its CA
    body = github.report("paas_pat_…", kind="paas_pat")
    headers = github.signed(body)                   # the two headers, by name
    github.rotate(); github.is_away = True; github.published = {"public_keys": []}
"""

import base64
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.oidc_issuer import certificates
from tests.fakes.oidc_issuer.faults import Answer
from tests.fakes.oidc_issuer.https import Https, Request

KEY_ID: Final = "github-public-key-identifier"
SIGNATURE: Final = "github-public-key-signature"
_PATH: Final = "/meta/public_keys/secret_scanning"


class SecretScanning:
    """Signs with the newest of its keys, and publishes them all."""

    def __init__(self, folder: Path) -> None:
        certificates.write(folder)
        self.ca_file = folder / "ca.pem"
        self.keys_url = ""
        self.is_away = False
        self.published: Any = None
        """What is published in place of its keys."""
        self.fetches = 0
        self._keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._https = Https(folder, self._answer)
        self.rotate()

    def __enter__(self) -> Self:
        self.keys_url = f"https://localhost:{self._https.start()}{_PATH}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._https.close()

    @property
    def key_id(self) -> str:
        """The identifier of the newest key."""
        return list(self._keys)[-1]

    def rotate(self) -> str:
        """Have a new key, and the ones before as well; returns its identifier."""
        number = len(self._keys) + 1
        self._keys[f"{number:064x}"] = ec.generate_private_key(ec.SECP256R1())
        return self.key_id

    def take_back(self, key_id: str) -> None:
        """Publish a key no longer."""
        del self._keys[key_id]

    @staticmethod
    def report(*tokens: str, kind: str = "paas_personal_access_token") -> bytes:
        """The body of a report."""
        url = "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt"
        return json.dumps([{"token": each, "type": kind, "url": url, "source": "content"} for each in tokens]).encode()

    def signed(self, body: bytes, *, key_id: str | None = None, digest: HashAlgorithm | None = None) -> dict[str, str]:
        """The headers of a report with this body."""
        key_id = key_id or self.key_id
        signature = self._keys[key_id].sign(body, ec.ECDSA(digest or SHA256()))
        return {KEY_ID: key_id, SIGNATURE: base64.b64encode(signature).decode()}

    def document(self) -> dict[str, Any]:
        """What is published."""
        return {
            "public_keys": [
                {"key_identifier": key_id, "key": _pem(key), "is_current": key_id == self.key_id}
                for key_id, key in self._keys.items()
            ]
        }

    def _answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("GET", _PATH):
            return Answer(status=404, document={"message": "Not Found"})
        self.fetches += 1
        if self.is_away:
            return Answer(status=403, document={"message": "API rate limit exceeded"})
        return Answer(document=self.document() if self.published is None else self.published)


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
