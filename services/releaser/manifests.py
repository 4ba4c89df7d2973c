"""The Kubernetes objects of an app, as plain data: its Secrets, and the fields of its Deployment that are ours.

Pure. Every variable is in a Secret, one for each release, and the Deployment refers to each by name (`env` with
`secretKeyRef`): entries of `env` merge by name, so another manager's stay, where `envFrom` is one field for all.
Must not know values other than to put them into a Secret.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.releaser.domain import AppKey, Spec

Manifest = dict[str, Any]

MANAGER: Final = "paas-releaser"
"""The field manager of everything of a Deployment that a release sets."""
INSTANCES_MANAGER: Final = "paas-releaser-instances"
"""The field manager of `spec.replicas` alone: applied when that is asked for, so that an autoscaler keeps its number
in between. A field that a manager no longer applies would be reset."""

TENANT_LABEL: Final = "paas/tenant"
APP_LABEL: Final = "paas/app"
APP_ID_LABEL: Final = "paas/app-id"
RELEASE_LABEL: Final = "paas/release"
MANAGED_BY_LABEL: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "paas"

PORT: Final = 8080
"""What an app made by us listens on, as PORT tells it: a port that needs no privilege."""
_KEPT_REVISIONS: Final = 10
_SETTLING_SECONDS: Final = 2
"""How long an instance must stay ready to count, so that one that ends right after its start does not."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an app is in the cluster. `container` is the one of an adopted Deployment, else the app's name."""

    namespace: str
    name: str
    container: str
    adopted: bool = False


def secret_name(app: str, release: int) -> str:
    """Return the name of a release's Secret: `<app>-env-v<N>`."""
    return f"{app}-env-v{release}"


def labels_of(key: AppKey, app: str) -> dict[str, str]:
    """Return the labels of everything that is an app's."""
    return {MANAGED_BY_LABEL: MANAGED_BY, TENANT_LABEL: key.tenant, APP_LABEL: app, APP_ID_LABEL: key.app_id}


def selector_of(key: AppKey) -> str:
    """Return the label selector of an app's pods and ReplicaSets."""
    return f"{APP_ID_LABEL}={key.app_id}"


def secret_manifest(
    key: AppKey, app: str, release: int, *, place: Place, owner: Mapping[str, Any], values: Mapping[str, str]
) -> Manifest:
    """Return the Secret of a release, which is deleted with its Deployment `owner` and can't be edited."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(app, release),
            "namespace": place.namespace,
            "labels": {**labels_of(key, app), RELEASE_LABEL: str(release)},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": owner["metadata"]["name"],
                    "uid": owner["metadata"]["uid"],
                }
            ],
        },
        "type": "Opaque",
        "immutable": True,
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in values.items()},
    }


def deployment_manifest(
    key: AppKey,
    app: str,
    release: int,
    *,
    place: Place,
    spec: Spec,
    names: Iterable[str],
    grace_seconds: int,
    version: str = "",
) -> Manifest:
    """Return the fields of the app's Deployment that are ours; `version` is the one it must still have.

    Of an adopted one these are the entries of `env` and labels. Of one made by us they are what the app's spec says and
    the platform's defaults, without `replicas`; a pod of it ends within `grace_seconds` of being asked to.
    """
    labels = labels_of(key, app)
    container: Manifest = {
        "name": place.container,
        "env": [_entry(name, secret_name(app, release)) for name in sorted(names)],
    }
    template: Manifest = {
        "metadata": {"labels": {**labels, RELEASE_LABEL: str(release)}},
        "spec": {"containers": [container]},
    }
    metadata: Manifest = {"name": place.name, "namespace": place.namespace, "labels": labels}
    if version:
        metadata["resourceVersion"] = version
    manifest: Manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {"template": template},
    }
    if not place.adopted:
        container |= _program(spec)
        template["spec"] |= {**_POD, "terminationGracePeriodSeconds": grace_seconds}
        manifest["spec"] |= {
            "selector": {"matchLabels": {APP_ID_LABEL: key.app_id}},
            "minReadySeconds": _SETTLING_SECONDS,
            "revisionHistoryLimit": _KEPT_REVISIONS,
            "strategy": _strategy(all_at_once=spec.all_at_once),
        }
    return manifest


def instances_manifest(place: Place, instances: int, *, version: str) -> Manifest:
    """Return the one field that says how many instances there are; `version` is the one that there must still be."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": place.name, "namespace": place.namespace, "resourceVersion": version},
        "spec": {"replicas": instances},
    }


def _entry(name: str, secret: str) -> Manifest:
    # The empty value is ours as well: a value that another manager has beside our reference would make the whole
    # Deployment invalid, where it now is a conflict with that manager, or goes where we are to take it back.
    return {"name": name, "value": "", "valueFrom": {"secretKeyRef": {"name": secret, "key": name}}}


def _strategy(*, all_at_once: bool) -> Manifest:
    # One more than there should be and none less: one new instance has to be ready before the next one is made.
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "100%" if all_at_once else 1, "maxUnavailable": 0}}


def _program(spec: Spec) -> Manifest:
    container: Manifest = {
        "image": spec.image,
        "ports": [{"name": "http", "containerPort": PORT}],
        "terminationMessagePolicy": "File",
        "securityContext": {"allowPrivilegeEscalation": False},
    }
    if spec.command:
        container["command"] = list(spec.command)
    if spec.health_path:
        container["readinessProbe"] = {
            "httpGet": {"path": spec.health_path, "port": PORT},
            "periodSeconds": 2,
            "timeoutSeconds": 2,
        }
    return container


# No account of the cluster's is in an app's pod, and no variable but ours: Kubernetes adds one for every Service else.
_POD: Final[Manifest] = {
    "automountServiceAccountToken": False,
    "enableServiceLinks": False,
    "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
}
