"""Certificates of our own CA that name nobody we know: no spiffe name, two of them, one that only looks right."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES: Final[dict[str, list[x509.GeneralName]]] = {
    "nameless": [],
    "two-names": [
        x509.UniformResourceIdentifier("spiffe://paas/gateway"),
        x509.UniformResourceIdentifier("spiffe://paas/config"),
    ],
    # As long as ours, so that who cuts it off unread is found out.
    "other-trust-domain": [x509.UniformResourceIdentifier("spiffe://evil/gateway")],
    "longer-name": [x509.UniformResourceIdentifier("spiffe://paas/gateway/releaser")],
    "upper-case": [x509.UniformResourceIdentifier("spiffe://paas/Gateway")],
    # What TLS libraries verify must not be taken for who calls.
    "dns-only": [x509.DNSName("gateway.paas.internal"), x509.DNSName("spiffe://paas/gateway")],
}


def make_strangers(authority: Path, folder: Path) -> None:
    """Write `<kind>.pem` and `<kind>.key` for every kind into `folder`, signed by the CA in `authority`."""
    ca = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    ca_key = serialization.load_pem_private_key((authority / "ca.key").read_bytes(), password=None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    now = datetime.now(UTC)
    for kind, names in NAMES.items():
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            # The common name says `gateway`: nobody may go by it.
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")]))
            .issuer_name(ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(ca_key, hashes.SHA256())
        (folder / f"{kind}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{kind}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
