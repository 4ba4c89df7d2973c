"""The stack's own CA and one certificate per name, ECDSA P-256.

Each leaf has the URI SAN `spiffe://paas/<name>`, which is what the other side checks, and the DNS SAN
`<name>.paas.internal`, which is what TLS libraries ask for. A leaf is renewed when it ends within 30 days or
doesn't fit any more. It must not be used outside one machine: the CA's key lies beside the leaves.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.private_files import private_folder, write_private

RENEW_BEFORE = timedelta(days=30)
LEAF_LIFETIME = timedelta(days=397)
CA_LIFETIME = timedelta(days=3650)
# A clock that is a little behind must not refuse a fresh certificate.
BACKDATE = timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_certificates(folder: Path, names: Iterable[str], *, now: datetime, hosts: Sequence[str] = ()) -> list[str]:
    """Makes what is missing, damaged or soon over under `folder`; returns the names renewed, `ca` included.

    `now` is an aware datetime. `hosts` are DNS names and IP addresses that the leaves are valid for too: for servers of
    others, which browsers reach. Raises OSError where the folder can't be read or written.
    """
    private_folder(folder)
    renewed = []
    authority = _load(folder, "ca")
    if authority is None or _ends_soon(authority.certificate, now):
        authority = _make_authority(now)
        _store(folder, "ca", authority)
        renewed.append("ca")
    for name in names:
        leaf = _load(folder, name)
        valid_for = _names(name, hosts)
        if leaf is None or not _fits(leaf.certificate, valid_for, authority=authority, now=now):
            _store(folder, name, _make_leaf(name, valid_for, authority, now=now))
            renewed.append(name)
    return renewed


def uri_san(name: str) -> str:
    """The name that a peer is recognised by."""
    return f"spiffe://paas/{name}"


def dns_san(name: str) -> str:
    """The name that TLS libraries verify."""
    return f"{name}.paas.internal"


def _load(folder: Path, name: str) -> Pair | None:
    try:
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        key = serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        return None
    return Pair(certificate, key)


def _store(folder: Path, name: str, pair: Pair) -> None:
    key = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(folder / f"{name}.key", key)
    write_private(folder / f"{name}.pem", pair.certificate.public_bytes(serialization.Encoding.PEM))


def _fits(
    certificate: x509.Certificate, valid_for: x509.SubjectAlternativeName, *, authority: Pair, now: datetime
) -> bool:
    if _ends_soon(certificate, now):
        return False
    try:
        certificate.verify_directly_issued_by(authority.certificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # whatever is wrong with it, a new one is right
        return False
    return names == valid_for


def _ends_soon(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc - now < RENEW_BEFORE or certificate.not_valid_before_utc > now


def _names(name: str, hosts: Sequence[str]) -> x509.SubjectAlternativeName:
    ours = (x509.UniformResourceIdentifier(uri_san(name)), x509.DNSName(dns_san(name)))
    return x509.SubjectAlternativeName([*ours, *map(_host, hosts)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _make_authority(now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PaaS one-machine CA")])
    builder = (
        _builder(subject, issuer=subject, key=key, now=now, lifetime=CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def _make_leaf(name: str, valid_for: x509.SubjectAlternativeName, authority: Pair, *, now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = authority.certificate
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(subject, issuer=issuer.subject, key=key, now=now, lifetime=LEAF_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(valid_for, critical=False)
        .add_extension(issuer_id, critical=False)
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, *, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + lifetime)
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
