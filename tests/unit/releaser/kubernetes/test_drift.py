"""Whether somebody changed an app's environment by hand."""

from typing import Any

from services.releaser.manifests import Place
from services.releaser.runtimes.kubernetes.drift import Drift, drift_of

PLACE = Place(namespace="tenant-acme", name="web", container="web")


def ours(name: str, of: str = "web-env-v4") -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": name}}}


def owner(manager: str, *names: str, time: str = "2026-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    env: dict[str, Any] = {f'k:{{"name":"{name}"}}': {"f:value": {}} for name in names}
    fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:env": env}}}}}}
    return {"manager": manager, "time": time, "fieldsV1": fields, **more}


def of(env: list[dict[str, Any]], *owners: dict[str, Any]) -> dict[str, Any]:
    containers = [{"name": "sidecar", "env": [{"name": "A", "value": "theirs"}]}, {"name": "web", "env": env}]
    return {"metadata": {"managedFields": list(owners)}, "spec": {"template": {"spec": {"containers": containers}}}}


def drift(deployment: dict[str, Any]) -> Drift | None:
    return drift_of(deployment, place=PLACE, app="web", release=4, names={"A", "B"})


def test_what_the_release_gave_is_no_drift_nor_is_what_others_add() -> None:
    added = {"name": "THEIRS", "value": "1"}
    assert drift(of([ours("A"), added, ours("B")], owner("kubectl-set", "THEIRS"))) is None


def test_a_value_set_by_hand() -> None:
    found = drift(of([{"name": "A", "value": "x"}, ours("B")], owner("helm", "C"), owner("kubectl-set", "A")))
    assert found == Drift(manager="kubectl-set", names=("A",))


def test_a_value_set_beside_our_reference() -> None:
    found = drift(of([{**ours("A"), "value": "x"}, ours("B")], owner("kubectl-edit", "A")))
    assert found == Drift(manager="kubectl-edit", names=("A",))


def test_a_reference_to_another_secret() -> None:
    found = drift(of([ours("A", "mine"), ours("B")], owner("argocd", "A")))
    assert found == Drift(manager="argocd", names=("A",))


def test_what_is_gone_is_of_whoever_changed_it_last() -> None:
    found = drift(
        of(
            [ours("B")],
            owner("early", time="2026-01-01T00:00:00Z"),
            owner("late", time="2026-01-02T00:00:00Z"),
            owner("paas-releaser", time="2026-01-03T00:00:00Z"),
            owner("kube-controller-manager", time="2026-01-04T00:00:00Z", subresource="status"),
        )
    )
    assert found == Drift(manager="late", names=("A",))


def test_a_container_that_is_gone_has_lost_all() -> None:
    gone = {"metadata": {}, "spec": {"template": {"spec": {"containers": [{"name": "other"}]}}}}
    assert drift(gone) == Drift(manager="somebody", names=("A", "B"))


def test_a_manager_that_can_t_be_shown_is_not() -> None:
    found = drift(of([ours("B")], owner("\x1b[2Jevil", "A")))
    assert found is not None
    assert found.manager == "somebody"
