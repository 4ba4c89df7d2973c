"""Where an app is in the cluster, and whether what is there already may be changed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.releaser.manifests import APP_ID_LABEL, APP_LABEL, Place
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease

Object = Mapping[str, Any]


def place_of(desired: DesiredRelease, *, prefix: str) -> Place:
    """Return where an app is to be. Raises ApplyFailed where that is not its tenant's namespace."""
    namespace = f"{prefix}{desired.key.tenant}"
    adopted = desired.spec.adopted
    if adopted is None:
        if desired.spec.instances and not desired.spec.image:
            raise ApplyFailed("Kubernetes runs images, not commands alone; give the app one with `--image`.")
        return Place(namespace=namespace, name=desired.app, container=desired.app)
    if adopted.namespace != namespace:
        raise ApplyFailed(
            f"The namespace {adopted.namespace} is not this tenant's, which is {namespace}; a Deployment of another "
            "namespace can't be adopted."
        )
    return Place(namespace=namespace, name=adopted.deployment, container=adopted.container, adopted=True)


def check_adopted(found: Object | None, place: Place, desired: DesiredRelease) -> Place:
    """Return the place with its container, given the Deployment there is. Raises ApplyFailed where it can't be ours."""
    if found is None:
        if place.adopted:
            raise ApplyFailed(f"There is no Deployment {place.name} in the namespace {place.namespace}.")
        return place
    labels = found["metadata"].get("labels") or {}
    owner = labels.get(APP_ID_LABEL)
    if owner not in {None, desired.key.app_id}:
        raise ApplyFailed(f"The Deployment {place.name} belongs to the app {labels.get(APP_LABEL, 'of another name')}.")
    if not place.adopted:
        if owner is None:
            raise ApplyFailed(
                f"There is a Deployment {place.name} in {place.namespace} that releaser did not make; "
                f"`apps:create --adopt {place.namespace}/{place.name}` takes over its environment."
            )
        return place
    containers = [each["name"] for each in found["spec"]["template"]["spec"]["containers"]]
    return replace(place, container=_container(place, containers))


def _container(place: Place, containers: Sequence[str]) -> str:
    if place.container in containers:
        return place.container
    names = ", ".join(containers)
    if place.container:
        raise ApplyFailed(f"The Deployment {place.name} has no container {place.container}; it has {names}.")
    if len(containers) > 1:
        raise ApplyFailed(f"The Deployment {place.name} has several containers; choose one with --container: {names}.")
    return containers[0]
