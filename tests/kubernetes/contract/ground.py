"""The Kubernetes runtime with real pods, as the contract sees it."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from paaskit.db import Database
from paaskit.redact import Plaintext
from services.releaser.domain import AppKey, Spec
from services.releaser.manifests import PORT
from services.releaser.runtimes.kubernetes.runtime import KubernetesRuntime
from services.releaser.runtimes.protocol import DesiredRelease
from tests.fakes import program
from tests.fixtures.waiting import PATIENCE
from tests.integration.releaser.runtimes.fates import Fate, Fates
from tests.integration.releaser.runtimes.ground import ALL_READY, APP, KEY
from tests.kubernetes.cluster.cluster import Cluster
from tests.kubernetes.cluster.images.host_python import PYTHON
from tests.kubernetes.cluster.images.own import DEMO
from tests.kubernetes.runtime import runtime_with

PREFIX: Final = "contract-"
"""Of the namespace, so that it is not the one of the product's tenant."""
_COMMAND: Final = (PYTHON, "-S", "-E", "-u", "-c", Path(program.__file__).read_text())


class KubernetesGround:
    """A namespace with nothing in it; `asked` is where programs ask for their `fates`. Implements `ground.Ground`."""

    def __init__(self, cluster: Cluster, fates: Fates, *, asked: str) -> None:
        self.fates = fates
        self._cluster = cluster
        self._asked = asked
        self._known: dict[int, DesiredRelease] = {}
        self._runtime: KubernetesRuntime | None = None

    @asynccontextmanager
    async def open(self, kubeconfig: Path, database: Database) -> AsyncIterator[None]:
        """Have a runtime for the time of the block."""
        async with runtime_with(kubeconfig, database, source=self._source, prefix=PREFIX) as runtime:
            self._runtime = runtime
            try:
                yield
            finally:
                await runtime.remove(KEY)

    @property
    def runtime(self) -> KubernetesRuntime:
        assert self._runtime is not None
        return self._runtime

    def desired(
        self, release: int, *, instances: int, fates: Sequence[Fate] = ALL_READY, **variables: str
    ) -> DesiredRelease:
        self.fates.plan(release, fates)
        values = {**variables, "FATES": self._asked, "LISTEN": "0.0.0.0"}
        self._known[release] = DesiredRelease(
            key=KEY,
            app=APP,
            release=release,
            spec=Spec(command=_COMMAND, image=DEMO, instances=instances, health_path="/"),
            variables={name: Plaintext(value) for name, value in values.items()},
        )
        return self._known[release]

    def environments(self) -> Sequence[Mapping[str, str]]:
        found = []
        for pod in self._ready():
            with urlopen(f"http://{pod['status']['podIP']}:{PORT}/", timeout=PATIENCE) as answer:
                found.append(json.loads(answer.read()))
        return found

    def identities(self) -> Mapping[object, int]:
        return {pod["metadata"]["uid"]: int(pod["metadata"]["labels"]["paas/release"]) for pod in self._ready()}

    async def _source(self, _: AppKey, release: int) -> DesiredRelease:
        return self._known[release]

    def _ready(self) -> list[dict[str, Any]]:
        pods = self._cluster.pods(f"paas/app={APP}", namespace=f"{PREFIX}{KEY.tenant}")
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"] and _is_ready(pod)]


def _is_ready(pod: Mapping[str, Any]) -> bool:
    return {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}.get("Ready") == "True"
