"""What an app may be told to run."""

import pytest

from services.config.domain import Adopted, AppSpec
from services.config.rules.spec import check_spec, runs, spec_key


@pytest.mark.parametrize(
    "spec",
    [
        AppSpec(),
        AppSpec(command=("python", "app.py"), instances=1),
        AppSpec(image="registry.example.com/web:1", instances=100, health_path="/healthz"),
        AppSpec(command=("a", ""), instances=1),
        AppSpec(command=("x" * 8192,), instances=1),
        AppSpec(image="x" * 512),
        AppSpec(health_path="/a?b=c"),
        AppSpec(ready_timeout=5),
        AppSpec(ready_timeout=3600, all_at_once=True),
    ],
    ids=range(9),
)
def test_specs_that_are_right(spec: AppSpec) -> None:
    assert check_spec(spec) == []


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (AppSpec(instances=-1), "spec.instances"),
        (AppSpec(command=("a",), instances=101), "spec.instances"),
        (AppSpec(instances=1), "spec"),
        (AppSpec(command=("",), instances=1), "spec.command"),
        (AppSpec(command=("a\0",), instances=1), "spec.command"),
        (AppSpec(command=("x" * 8193,), instances=1), "spec.command"),
        (AppSpec(command=("é" * 5000,), instances=1), "spec.command"),
        (AppSpec(image="a b"), "spec.image"),
        (AppSpec(image="a\nb"), "spec.image"),
        (AppSpec(image="a\0"), "spec.image"),
        (AppSpec(image="x" * 513), "spec.image"),
        (AppSpec(health_path="healthz"), "spec.health_path"),
        (AppSpec(health_path="/a b"), "spec.health_path"),
        (AppSpec(health_path="/a\r\nHost: x"), "spec.health_path"),
        (AppSpec(health_path="/" + "x" * 512), "spec.health_path"),
        (AppSpec(ready_timeout=0), "spec.ready_timeout"),
        (AppSpec(ready_timeout=4), "spec.ready_timeout"),
        (AppSpec(ready_timeout=3601), "spec.ready_timeout"),
    ],
    ids=range(18),
)
def test_specs_that_are_refused(spec: AppSpec, field: str) -> None:
    assert [violation.field for violation in check_spec(spec)] == [field]


def test_everything_wrong_is_named_at_once() -> None:
    spec = AppSpec(command=("\0",), image="a b", instances=101, health_path="x")
    assert len(check_spec(spec)) == 4


def test_specs_that_differ_have_different_keys() -> None:
    specs = [
        AppSpec(),
        AppSpec(instances=1),
        AppSpec(image="a"),
        AppSpec(command=("a",)),
        AppSpec(command=("a", "")),
        AppSpec(command=("a", "b")),
        AppSpec(command=("a b",)),
        AppSpec(health_path="a"),
        AppSpec(ready_timeout=60),
        AppSpec(ready_timeout=61),
        AppSpec(all_at_once=True),
        AppSpec(adopted=Adopted(namespace="a", deployment="b")),
        AppSpec(adopted=Adopted(namespace="a", deployment="b", container="c")),
        AppSpec(adopted=Adopted(namespace="b", deployment="a")),
    ]
    assert len({str(spec_key(spec)) for spec in specs}) == len(specs)


def test_a_spec_that_says_nothing_new_has_the_key_it_always_had() -> None:
    """A request that was remembered by an earlier release of this service is known again."""
    spec = AppSpec(command=("a",), image="b", instances=2, health_path="/c")
    assert spec_key(spec) == [["a"], "b", 2, "/c"]


def test_what_has_a_command_or_an_image_or_adopts_runs() -> None:
    specs = (
        AppSpec(),
        AppSpec(image="a"),
        AppSpec(command=("a",)),
        AppSpec(adopted=Adopted(namespace="shop", deployment="web")),
    )
    assert [runs(spec) for spec in specs] == [False, True, True, True]
