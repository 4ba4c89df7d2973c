"""What the pod of deploy/keycloak runs, on this machine: its commands and options, with its paths put elsewhere.

Leaves out the image, the volumes and the probes' HTTP client. The manifest itself is looked at in tests/deploy.
"""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.certificates import ensure_certificates
from local.cluster import KEYCLOAK
from local.ports import HOST
from machine.kinship import dying_with_parent
from machine.processes import identify
from machine.trees import end_trees
from tests.deploy.rendered import Manifest, containers, manifests, pods
from tests.fixtures.waiting import soon
from tests.keycloak.conftest import require_keycloak
from tests.keycloak.server import distribution
from tests.keycloak.server.process import Ports, free_ports
from tests.keycloak.web import Web

_PATIENCE = 300.0
_FRONT = "https://localhost:8443/realms/paas"


@dataclass(frozen=True)
class Machine:
    """Where on this machine things of the pod are."""

    folder: Path
    ports: Ports

    def of_the_pod(self, text: str, *, for_a_shell: bool) -> str:
        """A command or option with paths of the container's in their place here."""
        places = {
            "/opt/keycloak": str(distribution.ensure_built()),
            "/keycloak/": f"{self.folder}/keycloak/",
            "/etc/paas/tls/tls.crt": f"{self.folder}/tls/{KEYCLOAK}.pem",
            "/etc/paas/tls/tls.key": f"{self.folder}/tls/{KEYCLOAK}.key",
        }
        here = {there: shlex.quote(path) if for_a_shell else path for there, path in places.items()}
        return re.sub("|".join(here), lambda found: here[found[0]], text)

    def run(self, container: Manifest) -> "subprocess.Popen[bytes]":
        """Start what a container runs, with what it is told."""
        told = {each["name"]: each.get("value", "a password of a test") for each in container["env"]}
        shell = container["command"][-1] == "-c"
        command = [self.of_the_pod(each, for_a_shell=shell) for each in [*container["command"], *container["args"]]]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*command, *(self._here() if container["name"] == KEYCLOAK else ())],
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **told},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dying_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it only calls prctl
            )

    def _here(self) -> tuple[str, ...]:
        """Ports of its own, which in a pod it has anyway."""
        return (
            f"--http-host={HOST}",
            f"--https-port={self.ports.public}",
            f"--http-management-host={HOST}",
            f"--http-management-port={self.ports.health}",
        )


@contextmanager
def _running(folder: Path) -> Iterator[Machine]:
    (template,) = (template for name, template in pods("local") if name == KEYCLOAK)
    build, serve = containers(template)
    (folder / "keycloak").mkdir()
    ensure_certificates(folder / "tls", [KEYCLOAK], now=datetime.now(UTC), hosts=[HOST])
    with free_ports() as ports:
        machine = Machine(folder, ports)
        assert machine.run(build).wait(timeout=_PATIENCE) == 0, (folder / "log").read_text()
        (realm,) = (each for each in manifests("local") if each["metadata"]["name"].startswith("keycloak-realm-"))
        for mounted in ("data/h2", "data/import"):
            (folder / "keycloak" / mounted).mkdir(parents=True)
        (folder / "keycloak" / "data" / "import" / "realm.json").write_text(realm["data"]["realm.json"])
        process = machine.run(serve)
        found = identify(process.pid)
        assert found is not None
        try:
            yield machine
        finally:
            end_trees([found], grace=60.0)
            process.wait()


@pytest.mark.timeout(900)
def test_the_pod_serves_the_realm_at_the_address_that_people_use(tmp_path: Path) -> None:
    require_keycloak()
    with _running(tmp_path) as machine:
        web = Web(tmp_path / "tls" / "ca.pem")
        health, here = (f"https://{HOST}:{port}" for port in (machine.ports.health, machine.ports.public))
        soon(lambda: _answers(web, f"{health}/health/ready"), seconds=_PATIENCE)
        for probe in ("started", "live"):
            assert web.get(f"{health}/health/{probe}").status == 200
        told = web.get(f"{here}/realms/paas/.well-known/openid-configuration").document
        # A service that asks inside is answered inside, and tokens say the address of people all the same.
        assert told["issuer"] == _FRONT
        assert told["jwks_uri"] == f"{here}/realms/paas/protocol/openid-connect/certs"
        assert told["authorization_endpoint"].startswith(_FRONT)
        assert web.get(told["jwks_uri"]).status == 200
        # What it writes is where volumes are.
        written = {path.relative_to(tmp_path / "keycloak").parts[0] for path in _changed(tmp_path / "keycloak")}
        assert written <= {"data", "lib"}
        assert list((tmp_path / "keycloak" / "data" / "h2").iterdir())


def _answers(web: Web, url: str) -> bool:
    try:
        return web.get(url).status == 200
    except OSError:
        return False


def _changed(home: Path) -> Iterator[Path]:
    """Files that the distribution does not have, or has otherwise."""
    original = distribution.ensure_built()
    for path in home.rglob("*"):
        there = original / path.relative_to(home)
        if path.is_file() and (not there.is_file() or there.stat().st_size != path.stat().st_size):
            yield path
