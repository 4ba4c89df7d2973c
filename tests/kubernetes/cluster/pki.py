"""A certificate authority, a certificate and a kubeconfig for each part of a cluster.

Who somebody is to the API server is written in a client certificate: the common name is the user, the organizations
are its groups (https://kubernetes.io/docs/setup/best-practices/certificates/). The private keys lie beside the
certificates, for one machine and a month.
"""

import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.private_files import private_folder, write_private

NODE_NAME: Final = "localhost"
LIFETIME: Final = timedelta(days=30)
# A clock that is a little behind must not refuse a fresh certificate.
BACKDATE: Final = timedelta(hours=1)

_NODE = f"system:node:{NODE_NAME}"
# The user and the groups of each client. `system:masters` may do everything.
CLIENTS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "admin": ("admin", ("system:masters",)),
    "apiserver-kubelet": ("kube-apiserver", ("system:masters",)),
    "controller-manager": ("system:kube-controller-manager", ()),
    "scheduler": ("system:kube-scheduler", ()),
    "kubelet": (_NODE, ("system:nodes",)),
}
# What each server is called by those who connect to it.
SERVERS: Final[dict[str, tuple[str, ...]]] = {
    "apiserver": ("127.0.0.1", "10.0.0.1", "localhost", "kubernetes.default.svc"),
    "kubelet-server": ("127.0.0.1", NODE_NAME),
}


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make(folder: Path, *, server: str) -> None:
    """Write to `folder`: `ca`, each name of CLIENTS and SERVERS and `service-accounts`, as `<name>.crt` and `.key`,
    `service-accounts.pub`, and for each client `<name>.kubeconfig` for the API server at the URL `server`.
    """
    private_folder(folder)
    authority = _make_authority(folder)
    for name, (user, groups) in CLIENTS.items():
        _make_leaf(folder, name, authority, user=user, groups=groups)
        write_private(folder / f"{name}.kubeconfig", kubeconfig(folder, name, server=server).encode())
    for name, names in SERVERS.items():
        _make_leaf(folder, name, authority, user=names[-1], names=names)
    signing = ec.generate_private_key(ec.SECP256R1())
    _write_key(folder / "service-accounts.key", signing)
    public = signing.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_private(folder / "service-accounts.pub", public)


def kubeconfig(folder: Path, name: str, *, server: str) -> str:
    """The text of a kubeconfig for the client `name`. JSON, which every YAML reader reads."""
    user = {"client-certificate": f"{folder / name}.crt", "client-key": f"{folder / name}.key"}
    cluster = {"server": server, "certificate-authority": str(folder / "ca.crt")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": name}}],
        "current-context": "cluster",
    }
    return json.dumps(content, indent=1)


def _make_authority(folder: Path) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster of one machine")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        _builder(subject, issuer=subject, key=key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
    )
    authority = _Authority(builder.sign(key, hashes.SHA256()), key)
    _write(folder, "ca", authority.certificate, key)
    return authority


def _make_leaf(
    folder: Path, name: str, authority: _Authority, *, user: str, groups: Sequence[str] = (), names: Sequence[str] = ()
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, user)])
    usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(subject, issuer=authority.certificate.subject, key=key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(issuer, critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(each) for each in names]), False)
    _write(folder, name, builder.sign(authority.key, hashes.SHA256()), key)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject: x509.Name, *, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + LIFETIME)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    _write_key(folder / f"{name}.key", key)
    write_private(folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(path, content)
