"""How Google's own Cloud KMS is called, as far as that can be seen here: with TLS that is verified, and a bearer token.

In a process of its own, whose trusted roots are a file of the test. The file of a service account names a token server
of the test as well. Leaves out workload identity.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.fakes.cloud_kms import KEY_RING, FakeCloudKms

ROOT = Path(__file__).parents[4]
TOKEN = "xyzzy-access-token"
_USES = """
import asyncio, sys
from paaskit.errors import Unavailable
from services.secrets.keys.kms import KmsSettings, open_key_management, tenant_key
async def main():
    kms = open_key_management(
        KmsSettings(provider="gcp", key_ring=sys.argv[1], endpoint=sys.argv[2], environment="production"))
    try:
        wrapped = await kms.wrap(tenant_key("acme"), bytes(range(32)), context=b"c")
        key = await kms.unwrap(tenant_key("acme"), wrapped, context=b"c")
        print("the same" if key == bytes(range(32)) else "another")
    except Unavailable as error:
        print(error.reason)
    await kms.close()
asyncio.run(main())
"""


def pem(key: Any) -> bytes:
    """A private key as it is kept in files."""
    return bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def certificate(key: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    """A certificate for `name` that vouches for itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """The file with the certificate of the fake."""
    return tmp_path / "roots.pem"


@pytest.fixture(params=["localhost"])
def with_tls(request: pytest.FixtureRequest, roots: Path) -> Iterator[FakeCloudKms]:
    """A Cloud KMS with a certificate for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    chain = certificate(key, request.param)
    roots.write_bytes(chain)
    with FakeCloudKms(grpc.ssl_server_credentials([(pem(key), chain)])) as cloud:
        yield cloud


class _Tokens(BaseHTTPRequestHandler):
    """Gives everybody the same token."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        answer = json.dumps({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Path]:
    """The file of a service account, whose tokens come from this machine."""
    server = HTTPServer(("127.0.0.1", 0), _Tokens)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    file = tmp_path / "account.json"
    described = {
        "type": "service_account",
        "project_id": "fake",
        "private_key_id": "1",
        "private_key": pem(rsa.generate_private_key(65537, 2048)).decode(),
        "client_email": "paas-secrets@fake.iam.gserviceaccount.com",
        "token_uri": f"http://127.0.0.1:{server.server_address[1]}/token",
    }
    file.write_text(json.dumps(described))
    yield file
    server.shutdown()
    thread.join()
    server.server_close()


def used(cloud: FakeCloudKms, account: Path, roots: Path) -> tuple[str, str]:
    """Wrap and unwrap as secrets does in production: what came of it, and all that was printed."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT / "gen"),
        "GOOGLE_APPLICATION_CREDENTIALS": str(account),
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(roots),
    }
    done = subprocess.run(
        [sys.executable, "-c", _USES, KEY_RING, f"localhost:{cloud.endpoint.rpartition(':')[2]}"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1], done.stdout + done.stderr


def test_it_is_called_with_tls_and_a_token(with_tls: FakeCloudKms, account: Path, roots: Path) -> None:
    came, said = used(with_tls, account, roots)
    assert came == "the same"
    assert with_tls.bearers == {f"Bearer {TOKEN}"}
    assert TOKEN not in said


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    with_tls: FakeCloudKms, account: Path, roots: Path
) -> None:
    roots.write_bytes(certificate(ec.generate_private_key(ec.SECP256R1()), "localhost"))
    assert used(with_tls, account, roots)[0] == "KMS_UNAVAILABLE"
    assert (with_tls.calls.total(), with_tls.bearers) == (0, set())


@pytest.mark.parametrize("with_tls", ["elsewhere.example"], indirect=True)
def test_a_certificate_for_another_name_is_not_trusted(with_tls: FakeCloudKms, account: Path, roots: Path) -> None:
    assert used(with_tls, account, roots)[0] == "KMS_UNAVAILABLE"
    assert (with_tls.calls.total(), with_tls.bearers) == (0, set())


def test_a_kms_without_tls_gets_no_token(cloud: FakeCloudKms, account: Path, roots: Path) -> None:
    roots.write_bytes(certificate(ec.generate_private_key(ec.SECP256R1()), "localhost"))
    assert used(cloud, account, roots)[0] == "KMS_UNAVAILABLE"
    assert (cloud.calls.total(), cloud.bearers) == (0, set())
