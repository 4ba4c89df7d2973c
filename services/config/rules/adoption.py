"""What an app may adopt: the names of a Kubernetes Deployment, and what goes with them.

The rules of names are Kubernetes' own ("Object Names and IDs"): of a namespace and a container that of an RFC 1123
label, of a Deployment that of an RFC 1123 subdomain.
"""

import re
from typing import Final

from paaskit.errors import AlreadyExists, FieldViolation, Refused
from services.config.domain import AppSpec

_MAX_LABEL: Final = 63
_MAX_SUBDOMAIN: Final = 253
_ONE: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_LABEL: Final = re.compile(rf"{_ONE}\Z")
_SUBDOMAIN: Final = re.compile(rf"{_ONE}(?:\.{_ONE})*\Z")
_LABEL_RULE: Final = (
    f"has 1 to {_MAX_LABEL} lower-case letters, digits and dashes, and starts and ends with a letter or digit "
    "(an RFC 1123 label)"
)
_SUBDOMAIN_RULE: Final = (
    f"has 1 to {_MAX_SUBDOMAIN} lower-case letters, digits, dashes and dots, and each part between dots starts and "
    "ends with a letter or digit (an RFC 1123 subdomain)"
)


def check_adoption(spec: AppSpec) -> list[FieldViolation]:
    """Return what is wrong with what a spec adopts, and with what it says besides."""
    adopted = spec.adopted
    if adopted is None:
        return []
    found = []
    if not _is_label(adopted.namespace):
        found.append(FieldViolation("spec.adopted.namespace", f"a namespace's name {_LABEL_RULE}"))
    if len(adopted.deployment) > _MAX_SUBDOMAIN or not _SUBDOMAIN.match(adopted.deployment):
        found.append(FieldViolation("spec.adopted.deployment", f"a Deployment's name {_SUBDOMAIN_RULE}"))
    if adopted.container and not _is_label(adopted.container):
        found.append(FieldViolation("spec.adopted.container", f"a container's name {_LABEL_RULE}"))
    clashes = {
        "a command": spec.command,
        "an image": spec.image,
        "instances": spec.instances,
        "a health path": spec.health_path,
    }
    said = [name for name, value in clashes.items() if value]
    if said:
        found.append(
            FieldViolation(
                "spec.adopted",
                f"an app that adopts a Deployment can't be given {' or '.join(said)}, which the Deployment has itself",
            )
        )
    return found


def is_adopted(spec: AppSpec, adopter: str) -> AlreadyExists:
    """Return the error for what another app adopts already."""
    assert spec.adopted is not None
    return AlreadyExists(
        f"{adopter} adopts the Deployment {spec.adopted.namespace}/{spec.adopted.deployment} already. Destroy "
        f"{adopter} first, or have each app adopt a container of its own with `--container`.",
        reason="DEPLOYMENT_ADOPTED",
    )


def refuse_other_adoption(live: AppSpec, new: AppSpec, *, app: str) -> None:
    """Raise Refused where an app is to adopt another Deployment than it does, one at all, or none any more."""
    if new.adopted != live.adopted:
        raise Refused(
            f"What {app} adopts was settled when it was created. Create another app for another Deployment.",
            reason="ADOPTION_SETTLED",
        )


def _is_label(name: str) -> bool:
    return len(name) <= _MAX_LABEL and _LABEL.match(name) is not None
