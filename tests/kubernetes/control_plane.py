"""What deploy/ puts into a cluster before any service runs: namespaces, accounts, roles, the admission policy, tenants.

The services of these tests run outside, with the releaser's own account: what its role lacks fails here.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from local.private_files import write_private
from tests.deploy.rendered import TENANT, manifests
from tests.fixtures.waiting import until
from tests.kubernetes.kubectl import Kubectl

NAMESPACE: Final = f"tenant-{TENANT}"
_INSTALLED: Final = {
    "Namespace",
    "ServiceAccount",
    "ClusterRole",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}
_TOKEN_LIFETIME: Final = "6h"


@dataclass(frozen=True)
class ControlPlane:
    """A cluster in which it is installed. `kubectl` is an administrator's."""

    kubectl: Kubectl

    def kubeconfig(self, file: Path, *, server: str = "", authority: Path | None = None, name: str = "") -> Path:
        """Write a kubeconfig of the releaser's own account, by a token made for it (TokenRequest); `file`.

        `server`, with its `authority` and `name`, is what stands before the API server, if anything does.
        """
        token = self.kubectl.do("create", "token", "releaser", "-n", "paas", f"--duration={_TOKEN_LIFETIME}").strip()
        cluster = self.connection()
        if authority is not None:
            cluster = {"server": server, "certificate-authority": str(authority), "tls-server-name": name}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "cluster", "cluster": cluster}],
            "users": [{"name": "releaser", "user": {"token": token}}],
            "contexts": [{"name": "releaser", "context": {"cluster": "cluster", "user": "releaser"}}],
            "current-context": "releaser",
        }
        write_private(file, yaml.safe_dump(config).encode())
        return file

    def connection(self) -> dict[str, Any]:
        """How the API server is reached and known, without whoever asks it."""
        shown = self.kubectl.do("config", "view", "--raw", "--flatten", "--minify", "-o", "json")
        found: dict[str, Any] = json.loads(shown)["clusters"][0]["cluster"]
        return found

    @contextmanager
    def tenant(self, name: str, *, prefix: str = "tenant-") -> Iterator[str]:
        """Make a tenant's namespace as its operator does, until the end of the block; what it is called."""
        namespace = f"{prefix}{name}"
        _apply(self.kubectl, json.loads(json.dumps(manifests("tenant")).replace(NAMESPACE, namespace)))
        try:
            yield namespace
        finally:
            self.kubectl.do("delete", "namespace", namespace, "--wait=false")


@asynccontextmanager
async def installed_in(kubectl: Kubectl) -> AsyncIterator[ControlPlane]:
    """Install it, and the tenant of NAMESPACE; all of it is gone afterwards."""
    everything = [
        *(each for each in manifests("production") if each["kind"] in _INSTALLED),
        *manifests("tenant"),
    ]
    try:
        _apply(kubectl, everything)
        await until(lambda: _is_enforced(kubectl))
        yield ControlPlane(kubectl)
    finally:
        for each in reversed([each for each in everything if "namespace" not in each["metadata"]]):
            kubectl.do("delete", each["kind"], each["metadata"]["name"], "--ignore-not-found", "--timeout=120s")


def _apply(kubectl: Kubectl, everything: list[dict[str, Any]]) -> None:
    # Namespaces first: the rest is in them.
    spaces = [each for each in everything if each["kind"] == "Namespace"]
    for some in (spaces, everything):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": some})
        kubectl.do("apply", "--server-side", "--force-conflicts", "--filename=-", text=text)


async def _is_enforced(kubectl: Kubectl) -> bool:
    """Whether the API server has taken in the policy, which takes it a moment."""
    made = kubectl.ask("create", "secret", "generic", "canary-env-v0", "-n", NAMESPACE, "--dry-run=server")
    return made.code != 0
