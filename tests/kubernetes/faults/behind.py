"""A proxy before a cluster's API server, and the kubeconfig that leads to it."""

import base64
import ssl
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from local.certificates import dns_san
from tests.fixtures.tls import Certificates
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.faults.proxy import Proxy, proxy

_NAME = "releaser"
"""Whose certificate the proxy shows; any of the tests' own would do."""


def standing_before(control_plane: ControlPlane, tls: Certificates) -> AbstractAsyncContextManager[Proxy]:
    """A proxy that knows the API server by its authority, and shows it nothing but what its callers show."""
    connection = control_plane.connection()
    authority = base64.b64decode(connection["certificate-authority-data"]).decode()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(tls.folder / f"{_NAME}.pem", tls.folder / f"{_NAME}.key")
    return proxy(connection["server"], trust=ssl.create_default_context(cadata=authority), serve=served)


def behind(before: Proxy, control_plane: ControlPlane, tls: Certificates, *, file: Path) -> Path:
    """Write the kubeconfig of the releaser's account, by way of the proxy; `file`."""
    return control_plane.kubeconfig(file, server=before.url, authority=tls.folder / "ca.pem", name=dns_san(_NAME))
