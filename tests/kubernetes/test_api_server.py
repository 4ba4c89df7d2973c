"""An API server that is away, and one that does not know releaser any more: from the words of `paas` and releaser's.

The server's process is stopped, so that whatever was asked of it hangs, as it does where a machine is gone.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from machine.trees import descendants
from paaskit.settings import SettingsError
from services.releaser.runtimes.kubernetes.connecting import connect
from tests.e2e.installation import Installation, Paas, pid_of, releases
from tests.fixtures.waiting import soon
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.cluster.record import read_record
from tests.kubernetes.control_plane import ControlPlane

_AWAY_SECONDS = 20.0


@contextmanager
def stopped(cluster: Cluster) -> Iterator[None]:
    """The API server, for the time of the block."""
    if cluster.layout is None:
        pytest.skip("KUBECONFIG names another cluster, whose API server is not ours to stop.")
    record = read_record(cluster.layout.record)
    assert record is not None
    assert record.node is not None
    (server,) = [each.pid for each in descendants(record.node.pid) if _is_api_server(each.pid)]
    os.kill(server, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server, signal.SIGCONT)


def _is_api_server(pid: int) -> bool:
    return b"\0kube-apiserver\0" in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.fixture
def web(ada: Paas) -> Iterator[Paas]:
    """An app of two instances, which runs."""
    ada.ok("apps:create", "steady", "--image", DEMO, "--instances", "2", "--health-path", "/health")
    yield ada.with_(PAAS_APP="steady")
    ada("apps:destroy", "steady", "--confirm", "steady")


def test_a_release_waits_for_an_api_server_that_is_away(web: Paas, cluster: Cluster) -> None:
    # It takes long enough to be seen under way by whoever is held up meanwhile.
    changing = web.start("config:set", "A=1", "SLOW=5")
    soon(lambda: releases(web)[0]["state"] == "running")
    with stopped(cluster):
        back = time.monotonic() + _AWAY_SECONDS
        # Whatever it asks now hangs, until its patience is over, and then it says for what it waits.
        soon(lambda: releases(web)[0]["message"] == "Waiting for Kubernetes.")
        while time.monotonic() < back:
            time.sleep(0.5)
    ended = web.finish(changing)
    assert (ended.exit_code, ended.lines[-1]) == (0, "v2 succeeded"), ended.err
    assert [each["release"] for each in web.ok("apps:info", "--json").document["instances"]] == [2, 2]


def expired(folder: Path, cluster: Cluster) -> Path:
    """A kubeconfig whose client certificate is of the cluster's own authority, and was good until yesterday."""
    if cluster.layout is None:
        pytest.skip("KUBECONFIG names another cluster, whose authority is not ours.")
    pki, key, now = cluster.layout.pki, ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    authority = x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes())
    signing = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "releaser")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .sign(signing, hashes.SHA256())
    )
    (folder / "client.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "client.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {
        "client-certificate": str(folder / "client.crt"),
        "client-key": str(folder / "client.key"),
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(config))
    return folder / "kubeconfig"


async def test_a_certificate_that_has_expired_is_said_at_start(tmp_path: Path, cluster: Cluster) -> None:
    kubeconfig = expired(tmp_path, cluster)
    with pytest.raises(SettingsError, match="they are wrong or have expired; make new ones") as failed:
        await connect(str(kubeconfig))
    assert str(kubeconfig) in str(failed.value)


async def test_the_releaser_s_own_account_is_taken(control_plane: ControlPlane, tmp_path: Path) -> None:
    await (await connect(str(control_plane.kubeconfig(tmp_path / "kubeconfig")))).close()


def test_releaser_does_not_start_with_a_kubeconfig_that_points_nowhere(
    installation: Installation, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """With what the stack starts it with, and another kubeconfig: it ends with one sentence, without a token."""
    kubeconfig = control_plane.kubeconfig(tmp_path / "kubeconfig")
    config = yaml.safe_load(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    kubeconfig.write_text(yaml.safe_dump(config))
    environ = Path(f"/proc/{pid_of(installation.stack, 'releaser')}/environ").read_bytes().split(b"\0")
    settings = dict(os.fsdecode(each).partition("=")[::2] for each in environ if each)
    settings |= {"PAAS_KUBECONFIG": str(kubeconfig)}
    done = subprocess.run(
        [sys.executable, "-m", "services.releaser"], env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"PAAS_KUBECONFIG names {kubeconfig}, whose API server can't be reached" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert config["users"][0]["user"]["token"] not in done.stdout + done.stderr
