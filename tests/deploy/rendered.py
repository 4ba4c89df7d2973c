"""The manifests as a cluster gets them: deploy/ rendered by kubectl's own kustomize, as plain dictionaries.

Nothing here needs a cluster. The overlay `local` reads certificates, keys and passwords; throwaway ones are made.
"""

import base64
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from local.cluster import SECRETS, make_secrets
from local.ports import DASHBOARD, DATABASES, GATEWAY, SIGN_IN_CHECK, service_of
from tests.architecture.sources import ROOT

Manifest = dict[str, Any]
KUBECTL: Final = Path(sys.prefix) / "bin" / "kubectl"
OVERLAYS: Final = ("local", "production")
TENANT: Final = "acme"
PROCESSES: Final = (*DATABASES, SIGN_IN_CHECK)
"""What has a database and runs for good: the services, the dashboard, and the check, which is one of tokens'."""
WORKLOADS: Final = (*PROCESSES, GATEWAY)
IMAGES: Final = (*DATABASES, GATEWAY)
NAME: Final = "app.kubernetes.io/name"
OTHERS: Final = ("postgres", "keycloak")
"""Workloads of the overlay `local` that are no programs of ours."""
FOREIGN: Final = {"Certificate", "Issuer"}
"""Kinds of cert-manager's, which no schema of Kubernetes describes."""
_WITH_SINKS: Final = "resources: [../deploy/overlays/production]\ncomponents: [../deploy/sinks]\n"
_A_TENANT: Final = f"resources: [../deploy/tenant]\nnamespace: tenant-{TENANT}\n"


def program_of(workload: str) -> str:
    """The Python program that a process of ours is."""
    return DASHBOARD if workload == DASHBOARD else f"services.{service_of(workload)}"


@cache
def text(place: str) -> str:
    """What `kubectl kustomize` makes of an overlay; YAML.

    A `place` called `tenant` is a tenant's folder, and `sinks` is production with events sent elsewhere as well.
    """
    with tempfile.TemporaryDirectory(prefix="paas-test-") as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "deploy", root / "deploy", ignore=shutil.ignore_patterns(SECRETS.name + "/*"))
        if place in {"tenant", "sinks"}:
            (root / TENANT).mkdir()
            (root / TENANT / "kustomization.yaml").write_text(_A_TENANT if place == "tenant" else _WITH_SINKS)
            return kustomize(root / TENANT)
        if place == "local":
            secrets = root / SECRETS.relative_to(ROOT)
            shutil.rmtree(secrets, ignore_errors=True)
            make_secrets(secrets, now=datetime.now(UTC))
        return kustomize(root / "deploy" / "overlays" / place)


def kustomize(folder: Path) -> str:
    """Render one folder. Raises AssertionError with what kubectl said of it."""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def manifests(place: str) -> tuple[Manifest, ...]:
    """The same, read."""
    return tuple(each for each in yaml.safe_load_all(text(place)) if each)


def of_kind(place: str, *kinds: str) -> dict[str, Manifest]:
    """The manifests of some kinds, by name."""
    return {each["metadata"]["name"]: each for each in manifests(place) if each["kind"] in kinds}


def pods(place: str) -> Iterator[tuple[str, Manifest]]:
    """What every workload's pods are made from, by the workload's name: with `metadata` and `spec`."""
    for name, each in of_kind(place, "Deployment", "Job", "StatefulSet", "CronJob").items():
        yield name, (each["spec"]["jobTemplate"] if each["kind"] == "CronJob" else each)["spec"]["template"]


def containers(template: Manifest) -> list[Manifest]:
    """All containers of a pod, those that run first included."""
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def environment(container: Manifest, place: str) -> dict[str, str]:
    """What a container is told, with ConfigMaps and Secrets looked up and `$(…)` put in, as a kubelet does it."""
    maps, secrets = of_kind(place, "ConfigMap"), of_kind(place, "Secret")
    known: dict[str, str] = {}
    for each in container.get("env", []):
        if "valueFrom" in each:
            ((kind, reference),) = each["valueFrom"].items()
            data = (maps if kind == "configMapKeyRef" else secrets)[reference["name"]]["data"]
            value = data[reference["key"]]
            value = value if kind == "configMapKeyRef" else base64.b64decode(value).decode()
        else:
            value = each["value"]
            for name, text_ in known.items():
                value = value.replace(f"$({name})", text_)
        known[each["name"]] = value
    return known


def file_in(workload: str, path: str, place: str) -> bytes:
    """What is in a file of a workload's one container, of a Secret that is mounted there; never shown by a test."""
    template = dict(pods(place))[workload]
    (container,) = template["spec"]["containers"]
    file = PurePosixPath(path)
    (volume,) = (each["name"] for each in container["volumeMounts"] if each["mountPath"] == str(file.parent))
    (secret,) = (each["secret"]["secretName"] for each in template["spec"]["volumes"] if each["name"] == volume)
    return base64.b64decode(of_kind(place, "Secret")[secret]["data"][file.name])
