"""What the pod of deploy/keycloak runs, on this machine: its commands, options and files, with its paths put elsewhere.

Leaves out the image, the volumes and the probes' HTTP client. The manifest itself is looked at in tests/deploy.
"""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.cluster import KEYCLOAK
from local.ports import HOST
from local.private_files import private_folder, write_private
from machine.kinship import dying_with_parent
from machine.processes import identify
from machine.trees import end_trees
from tests.deploy.rendered import Manifest, containers, environment, file_in, pods
from tests.fixtures.waiting import soon
from tests.keycloak.server import distribution
from tests.keycloak.server.administration import Administration
from tests.keycloak.server.process import Ports, free_ports
from tests.keycloak.web import Web

FRONT: Final = "https://localhost:8443"
"""The address that people use, of a port that is forwarded."""
PATIENCE: Final = 300.0
_MOUNTED: Final = ("/etc/paas/tls/tls.crt", "/etc/paas/tls/tls.key", "/keycloak/data/import/realm.json")


@dataclass(frozen=True)
class Pod:
    """Where on this machine things of the pod are. `elsewhere` has addresses that it is told otherwise here."""

    folder: Path
    ports: Ports
    ca_file: Path
    elsewhere: Mapping[str, str]

    @property
    def home(self) -> Path:
        """The program with what it built."""
        return self.folder / "keycloak"

    @property
    def health(self) -> str:
        """Where its probes ask."""
        return f"https://{HOST}:{self.ports.health}"

    @property
    def admin(self) -> Administration:
        """The realm as its administrator changes it, who signs in with the password that the overlay gives."""
        _, serve = _containers()
        told = environment(serve, "local")
        names = {"username": told["KC_BOOTSTRAP_ADMIN_USERNAME"], "password": told["KC_BOOTSTRAP_ADMIN_PASSWORD"]}
        web = Web(self.ca_file, port=self.ports.public)
        return Administration(FRONT, web, {"grant_type": "password", "client_id": "admin-cli", **names})

    def here(self, text: str) -> str:
        """The same with addresses that are others here."""
        for there, address in self.elsewhere.items():
            text = text.replace(there, address)
        return text

    def run(self, container: Manifest) -> "subprocess.Popen[bytes]":
        """Start what a container runs, with what it is told."""
        told = {name: self.here(value) for name, value in environment(container, "local").items()}
        shell = container["command"][-1] == "-c"
        command = [self._of_the_pod(each, for_a_shell=shell) for each in [*container["command"], *container["args"]]]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [*command, *(self._listening_here() if container["name"] == KEYCLOAK else ())],
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **told},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dying_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it only calls prctl
            )

    def mount(self) -> None:
        """Put files of Secrets where it looks for them."""
        for path in _MOUNTED:
            file = self.folder / path.lstrip("/")
            private_folder(file.parent)
            write_private(file, file_in(KEYCLOAK, path, "local"))
        private_folder(self.home / "data" / "h2")

    def _of_the_pod(self, text: str, *, for_a_shell: bool) -> str:
        """A command or option with paths of the container's in their place here."""
        places = {
            "/opt/keycloak": str(distribution.ensure_built()),
            "/keycloak/": f"{self.home}/",
            "/etc/paas/": f"{self.folder}/etc/paas/",
        }
        put = {there: shlex.quote(path) if for_a_shell else path for there, path in places.items()}
        return re.sub("|".join(put), lambda found: put[found[0]], text)

    def _listening_here(self) -> tuple[str, ...]:
        """Ports of its own, which in a pod it has anyway."""
        return (
            f"--http-host={HOST}",
            f"--https-port={self.ports.public}",
            f"--http-management-host={HOST}",
            f"--http-management-port={self.ports.health}",
        )


@contextmanager
def running(folder: Path, ca_file: Path, elsewhere: Mapping[str, str]) -> Iterator[Pod]:
    """The pod in `folder`, once it is ready. Raises AssertionError where it can't be built, TimeoutError later."""
    build, serve = _containers()
    with free_ports() as ports:
        pod = Pod(private_folder(folder), ports, ca_file, elsewhere)
        private_folder(pod.home)
        assert pod.run(build).wait(timeout=PATIENCE) == 0, (folder / "log").read_text()
        pod.mount()
        process = pod.run(serve)
        found = identify(process.pid)
        assert found is not None
        try:
            web = Web(ca_file)
            soon(lambda: _answers(web, f"{pod.health}/health/ready"), seconds=PATIENCE)
            yield pod
        finally:
            end_trees([found], grace=60.0)
            process.wait()


def _containers() -> list[Manifest]:
    (template,) = (template for name, template in pods("local") if name == KEYCLOAK)
    return containers(template)


def _answers(web: Web, url: str) -> bool:
    try:
        return web.get(url).status == 200
    except OSError:
        return False
