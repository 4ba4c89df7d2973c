"""How an app is rolled out and what it adopts, as it is typed and shown."""

import json
from typing import Any

import pytest
from paas.config.v1 import config_pb2

from paas_cli.typed import durations
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas


def shown(paas: Paas, app: str) -> Any:
    """What it runs, as JSON shows it."""
    return json.loads(paas("apps:info", app, "--json").out)["app"]


def test_create_says_how_it_is_rolled_out(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:create", "shop", "--ready-timeout", "90s", "--all-at-once", "--", "run").exit_code == 0
    spec = signed_in.apps["shop"].spec
    assert (spec.ready_timeout.seconds, spec.all_at_once) == (90, True)
    assert {"ready timeout: 90s", "rollout: all at once"} <= set(paas("apps:info", "shop").lines)
    document = shown(paas, "shop")
    assert (document["ready_timeout_seconds"], document["all_at_once"], document["adopted"]) == (90, True, None)


def test_what_is_not_said_is_the_platforms_own(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:create", "shop", "--first-instance-first", "--", "run").exit_code == 0
    assert not signed_in.apps["shop"].spec.HasField("ready_timeout")
    lines = paas("apps:info", "shop").lines
    assert "rollout: first instance first" in lines
    assert not any(line.startswith(("ready timeout", "adopts")) for line in lines)
    assert shown(paas, "shop")["ready_timeout_seconds"] is None


def test_update_sets_and_unsets(paas: Paas, signed_in: Platform) -> None:
    spec = signed_in.apps["web"].spec
    assert paas("apps:update", "--ready-timeout", "5m").exit_code == 0
    assert paas("apps:update", "--all-at-once").exit_code == 0
    spec = signed_in.apps["web"].spec
    assert (spec.ready_timeout.seconds, spec.all_at_once, spec.instances) == (300, True, 2)
    assert paas("apps:update", "--ready-timeout", "default", "--first-instance-first").exit_code == 0
    spec = signed_in.apps["web"].spec
    assert (spec.HasField("ready_timeout"), spec.all_at_once) == (False, False)
    assert paas("apps:update", "--ready-timeout", "soon").exit_code == 2


def test_a_staged_change_of_it_is_shown(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:update", "--ready-timeout", "1h", "--all-at-once", "--stage").exit_code == 0
    assert "ready timeout 1h, rollout all at once" in paas("staged").out


def test_an_app_adopts_a_deployment(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:create", "shop", "--adopt", "prod/shop.web", "--container", "app").exit_code == 0
    spec = signed_in.apps["shop"].spec
    assert spec == config_pb2.AppSpec(
        adopted=config_pb2.Adopted(namespace="prod", deployment="shop.web", container="app")
    )
    lines = paas("apps:info", "shop").lines
    assert "adopts: prod/shop.web, container app" in lines
    assert not any(line.startswith("instances:") for line in lines)
    assert shown(paas, "shop")["adopted"] == {"namespace": "prod", "deployment": "shop.web", "container": "app"}
    assert "shop\t-\tprod/shop.web" in paas("apps:list").lines
    assert paas("apps:create", "plain", "--adopt", "prod/web").exit_code == 0
    assert shown(paas, "plain")["adopted"]["container"] is None
    assert paas("apps:update", "-a", "shop", "--all-at-once").exit_code == 0
    assert signed_in.apps["shop"].spec.adopted.container == "app", "an update leaves it as it is"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--image", "x:1"), "--image"),
        (("--instances", "0"), "--instances"),
        (("--health-path", "/up"), "--health-path"),
        (("--", "run"), "a command"),
        (("--image", "x:1", "--", "run"), "a command, --image"),
    ],
)
def test_what_the_deployment_has_itself_is_no_option(
    paas: Paas, signed_in: Platform, arguments: tuple[str, ...], named: str
) -> None:
    result = paas("apps:create", "shop", "--adopt", "prod/web", *arguments)
    assert result.exit_code == 2
    assert f"--adopt and {named} are given" in result.err
    assert "shop" not in signed_in.apps


@pytest.mark.parametrize("adopt", ["web", "prod/", "/web", "a/b/c", "/"])
def test_no_deployment_is_told_how_one_is_named(paas: Paas, signed_in: Platform, adopt: str) -> None:
    result = paas("apps:create", "shop", "--adopt", adopt)
    assert result.exit_code == 2
    assert "such as shop/web" in result.err
    assert paas("apps:create", "shop", "--container", "app").exit_code == 2
    assert "shop" not in signed_in.apps


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5s"), (90, "90s"), (120, "2m"), (3600, "1h"), (86400, "1d"), (604800, "1w"), (86401, "86401s")],
)
def test_a_length_is_shown_as_it_may_be_typed(seconds: int, text: str) -> None:
    assert durations.shown(seconds) == text
    assert durations.seconds(text, option="--x") == seconds
