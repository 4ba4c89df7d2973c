"""Where an app is, and what may be changed there."""

from dataclasses import replace
from typing import Any

import pytest

from services.releaser.domain import Adopted, AppKey, Spec
from services.releaser.manifests import Place
from services.releaser.runtimes.kubernetes.adoption import check_adopted, place_of
from services.releaser.runtimes.protocol import ApplyFailed, DesiredRelease

ADOPTED = Adopted(namespace="tenant-acme", deployment="theirs", container="")
OWN = DesiredRelease(
    key=AppKey(tenant="acme", app_id="a1"),
    app="web",
    release=1,
    spec=Spec(image="registry.example/web:1", instances=1),
    variables={},
)
TAKEN_OVER = replace(OWN, spec=Spec(adopted=ADOPTED))


def there(*containers: str, **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"labels": {f"paas/{name.replace('_', '-')}": value for name, value in labels.items()}},
        "spec": {"template": {"spec": {"containers": [{"name": name} for name in containers]}}},
    }


def refusal(found: dict[str, Any] | None, desired: DesiredRelease) -> str:
    with pytest.raises(ApplyFailed) as failed:
        check_adopted(found, place_of(desired, prefix="tenant-"), desired)
    return failed.value.message


def test_places() -> None:
    assert place_of(OWN, prefix="tenant-") == Place(namespace="tenant-acme", name="web", container="web")
    assert place_of(TAKEN_OVER, prefix="tenant-") == Place(
        namespace="tenant-acme", name="theirs", container="", adopted=True
    )


def test_another_tenants_namespace_is_refused() -> None:
    foreign = replace(OWN, spec=Spec(adopted=replace(ADOPTED, namespace="tenant-other")))
    with pytest.raises(ApplyFailed, match="is not this tenant's, which is tenant-acme"):
        place_of(foreign, prefix="tenant-")


def test_a_command_alone_is_refused() -> None:
    with pytest.raises(ApplyFailed, match="give the app one with `--image`"):
        place_of(replace(OWN, spec=Spec(command=("run",), instances=1)), prefix="tenant-")


def test_what_is_ours_or_not_there_may_be_changed() -> None:
    place = place_of(OWN, prefix="tenant-")
    assert check_adopted(None, place, OWN) == place
    assert check_adopted(there("web", app_id="a1"), place, OWN) == place


def test_what_somebody_else_made_is_not_touched() -> None:
    assert "that releaser did not make" in refusal(there("web"), OWN)
    assert "`apps:create --adopt tenant-acme/web`" in refusal(there("web"), OWN)
    assert refusal(there("web", app_id="a2", app="shop"), OWN) == "The Deployment web belongs to the app shop."
    assert "belongs to the app shop" in refusal(there("web", app_id="a2", app="shop"), TAKEN_OVER)


def test_what_is_adopted_has_to_be_there() -> None:
    assert refusal(None, TAKEN_OVER) == "There is no Deployment theirs in the namespace tenant-acme."


def test_its_container_is_the_only_one_or_has_to_be_named() -> None:
    place = place_of(TAKEN_OVER, prefix="tenant-")
    assert check_adopted(there("main"), place, TAKEN_OVER).container == "main"
    assert "choose one with --container: main, sidecar" in refusal(there("main", "sidecar"), TAKEN_OVER)
    named = replace(TAKEN_OVER, spec=Spec(adopted=replace(ADOPTED, container="sidecar")))
    assert check_adopted(there("main", "sidecar"), place_of(named, prefix="tenant-"), named).container == "sidecar"
    assert refusal(there("main"), named) == "The Deployment theirs has no container sidecar; it has main."
