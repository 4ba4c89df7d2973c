"""What an app may adopt: names as Kubernetes has them, nothing of its own besides, and the same for ever."""

from dataclasses import replace
from typing import Any

import pytest

from paaskit.errors import Refused
from services.config.domain import Adopted, AppSpec
from services.config.rules.adoption import check_adoption, is_adopted, refuse_other_adoption

WEB = Adopted(namespace="shop", deployment="web")
SPEC = AppSpec(adopted=WEB)


@pytest.mark.parametrize(
    "adopted",
    [
        WEB,
        Adopted(namespace="a", deployment="b", container="c"),
        Adopted(namespace="0-1", deployment="1.2.3", container="9"),
        Adopted(namespace="n" * 63, deployment=".".join(["d" * 62] * 4), container="c" * 63),
        Adopted(namespace="shop", deployment="d" * 253),
    ],
    ids=range(5),
)
def test_names_that_are_right(adopted: Adopted) -> None:
    assert check_adoption(AppSpec(adopted=adopted, ready_timeout=60, all_at_once=True)) == []


_NO_LABELS = ("Shop", "-a", "a-", "a_b", "a.b", "a b", "a\n", "é", "a" * 64, "../a")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        *(("namespace", name) for name in (*_NO_LABELS, "")),
        *(("container", name) for name in _NO_LABELS),
        *(
            ("deployment", name)
            for name in ("", "Web", ".a", "a.", "a..b", "-a", "a.-b", "a-.b", "a/b", "a\n", "a" * 254)
        ),
    ],
)
def test_names_that_are_refused_are_told_the_rule(field: str, name: str) -> None:
    more: dict[str, Any] = {field: name}
    (violation,) = check_adoption(AppSpec(adopted=replace(WEB, **more)))
    assert violation.field == f"spec.adopted.{field}"
    assert ("RFC 1123 subdomain" if field == "deployment" else "RFC 1123 label") in violation.description


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (replace(SPEC, command=("x",)), "a command"),
        (replace(SPEC, image="x"), "an image"),
        (replace(SPEC, instances=1), "instances"),
        (replace(SPEC, health_path="/"), "a health path"),
        (replace(SPEC, image="x", instances=1), "an image or instances"),
    ],
)
def test_what_the_deployment_has_itself_is_refused_by_name(spec: AppSpec, named: str) -> None:
    (violation,) = check_adoption(spec)
    assert violation.field == "spec.adopted"
    assert f"can't be given {named}, which" in violation.description


def test_the_app_that_has_a_deployment_is_named() -> None:
    error = is_adopted(SPEC, "other")
    assert error.reason == "DEPLOYMENT_ADOPTED"
    assert error.message.startswith("other adopts the Deployment shop/web already.")


@pytest.mark.parametrize(
    ("live", "new"),
    [
        (SPEC, AppSpec()),
        (AppSpec(), SPEC),
        (SPEC, AppSpec(adopted=replace(WEB, container="app"))),
        (SPEC, AppSpec(adopted=replace(WEB, deployment="api"))),
    ],
    ids=["none any more", "one at all", "another container", "another deployment"],
)
def test_what_is_adopted_stays(live: AppSpec, new: AppSpec) -> None:
    with pytest.raises(Refused) as refused:
        refuse_other_adoption(live, new, app="web")
    assert refused.value.reason == "ADOPTION_SETTLED"
    refuse_other_adoption(live, replace(live, ready_timeout=60), app="web")
