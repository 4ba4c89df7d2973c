"""Whether somebody changed an app's environment in the cluster by hand: which names, and who. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.releaser.manifests import INSTANCES_MANAGER, MANAGER, Place, secret_name

Object = Mapping[str, Any]

_PLAIN: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]{1,128}")
NOBODY_KNOWN: Final = "somebody"


@dataclass(frozen=True, kw_only=True)
class Drift:
    """Names of variables that are not what the release gave, and the field manager that has them now."""

    manager: str
    names: tuple[str, ...]


def drift_of(deployment: Object, *, place: Place, app: str, release: int, names: Collection[str]) -> Drift | None:
    """Compare a Deployment with what a release gave it; None where nothing of that was changed."""
    container = _container(deployment, place.container)
    env = {entry["name"]: entry for entry in (container or {}).get("env") or []}
    secret = secret_name(app, release)
    drifted = tuple(sorted(name for name in names if not _is_ours(env.get(name), name, secret)))
    if not drifted:
        return None
    return Drift(manager=_who(deployment, place.container, drifted), names=drifted)


def _container(deployment: Object, name: str) -> Object | None:
    containers: list[Object] = deployment["spec"]["template"]["spec"].get("containers") or []
    return next((each for each in containers if each["name"] == name), None)


def _is_ours(entry: Object | None, name: str, secret: str) -> bool:
    if entry is None or entry.get("value"):
        return False
    reference = (entry.get("valueFrom") or {}).get("secretKeyRef") or {}
    return (reference.get("name"), reference.get("key")) == (secret, name)


def _who(deployment: Object, container: str, names: Collection[str]) -> str:
    """Return who has one of the fields now or, where they are gone, whoever changed the Deployment last."""
    others = [
        entry
        for entry in deployment["metadata"].get("managedFields") or []
        if entry.get("manager") not in {MANAGER, INSTANCES_MANAGER} and not entry.get("subresource")
    ]
    others.sort(key=lambda entry: str(entry.get("time", "")), reverse=True)
    owners = [entry for entry in others if not set(names).isdisjoint(_owned(entry, container))]
    for entry in owners or others:
        manager = str(entry.get("manager", ""))
        return manager if _PLAIN.fullmatch(manager) else NOBODY_KNOWN
    return NOBODY_KNOWN


def _owned(entry: Object, container: str) -> Iterator[str]:
    """Yield the variables of a container that a field manager has, wholly or in part."""
    fields: Any = entry.get("fieldsV1") or {}
    for part in ("f:spec", "f:template", "f:spec", "f:containers", f'k:{{"name":"{container}"}}', "f:env"):
        fields = fields.get(part) or {}
    for key in fields:
        if key.startswith('k:{"name":"') and key.endswith('"}'):
            yield key[len('k:{"name":"') : -len('"}')]
