"""Groups made, shown, attached, detached and destroyed, and what is said where that is refused.

Leaves out the releases that follow (test_releases) and what apps then have (test_lists).
"""

import json

import pytest
from paas.config.v1 import config_pb2

from tests.fakes.platform import App, Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, words


def test_from_nothing_to_two_apps_that_have_it(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["api"] = App(config_pb2.AppSpec(command=["x"], instances=1))
    assert "no groups yet; `paas groups:create NAME` makes one" in paas("groups").err
    assert paas("groups:create", "shared").out == "Created the group shared\n"
    assert paas("config:set", "REGION=eu", "-a", "shared").out == "Set REGION · release v1\nv1 succeeded\n"
    attached = paas("groups:attach", "shared", "-a", "web")
    assert attached.out == "Attached shared to web · release v1\nv1 succeeded\n"
    assert paas("groups:attach", "shared", "-a", "api", "--no-wait").out == "Attached shared to api · release v1\n"
    assert paas("groups").out == "shared\t1\t2\n"
    assert [list(signed_in.apps[name].spec.groups) for name in ("web", "api")] == [["shared"], ["shared"]]
    assert paas("groups:attach", "shared").out == "No change\n"


def test_all_pages_are_listed(paas: Paas, signed_in: Platform) -> None:
    for name in ("c1", "a1", "b1"):
        signed_in.add_group(name)
    assert [line.split("\t")[0] for line in paas("groups").lines] == ["a1", "b1", "c1"]
    assert [each["name"] for each in json.loads(paas("groups", "--json").out)["groups"]] == ["a1", "b1", "c1"]


def test_a_group_says_who_has_it_and_whose_own_values_win(paas: Paas, shared: Platform) -> None:
    shared.hidden_apps.add("admin")
    assert paas("groups:info", "shared").lines == [
        "name: shared",
        "config vars: LOG_LEVEL, REGION",
        "secrets: SENTRY_DSN",
        "used by: api",
        "used by: web (its own LOG_LEVEL wins)",
        "used by: and an app that you may not see",
        "version: 1",
        "created: 2026-05-08T13:42:00Z",
    ]
    found = json.loads(paas("groups:info", "shared", "--json").out)
    assert (found["group"]["variable_count"], found["group"]["app_count"]) == (3, 3)
    assert {"name": "SENTRY_DSN", "kind": "secret"} in found["variables"]
    assert found["used_by"] == [{"app": "api", "own_names": []}, {"app": "web", "own_names": ["LOG_LEVEL"]}]
    assert found["hidden_apps"] == 1


def test_names_that_may_not_be_listed_are_counted(paas: Paas, shared: Platform) -> None:
    shared.permissions = ["apps.read", "config.read"]
    lines = paas("groups:info", "shared").lines
    assert "more: 1 that you may not list" in lines
    assert "SENTRY_DSN" not in " ".join(lines)


def test_a_group_that_no_app_has_says_how_to_give_it_to_one(paas: Paas, signed_in: Platform) -> None:
    signed_in.add_group("shared")
    assert "No app has it; `paas groups:attach shared -a APP` gives it to one." in paas("groups:info", "shared").err


def test_a_dry_run_says_which_names_come_and_go_and_changes_nothing(paas: Paas, shared: Platform) -> None:
    shared.add_group("eu", ZONE="1", LOG_LEVEL="x")
    shared.apps["eu"].vars.pop("LOG_LEVEL")
    shared.hidden_names = 2
    assert paas("groups:attach", "eu", "--dry-run").lines == [
        "Would attach eu to web",
        "Would add ZONE",
        "Would add 2 names you may not list",
        "A release would follow",
    ]
    shared.hidden_names = 0
    assert paas("groups:detach", "shared", "--dry-run").lines == [
        "Would detach shared from web",
        "Would remove REGION",
        "Would remove SENTRY_DSN",
        "A release would follow",
    ]
    staged = json.loads(paas("groups:attach", "eu", "--dry-run", "--stage", "--json").out)
    assert (staged["would_release"], staged["group"], staged["changes"]) == (
        False,
        "eu",
        [{"name": "ZONE", "action": "added"}],
    )
    assert list(shared.apps["web"].spec.groups) == ["shared"]
    assert shared.apps["web"].releases == {}


def test_a_dry_run_tells_an_empty_group_from_one_that_is_there(paas: Paas, shared: Platform) -> None:
    shared.add_group("empty")
    assert paas("groups:attach", "empty", "--dry-run").lines == ["Would attach empty to web", "A release would follow"]
    paas("groups:attach", "empty", "--no-wait")
    assert paas("groups:attach", "empty", "--dry-run").lines == ["No change"]
    assert paas("groups:detach", "empty", "--dry-run").lines[0] == "Would detach empty from web"


def test_it_can_be_staged_as_what_the_app_runs(paas: Paas, shared: Platform) -> None:
    shared.add_group("eu", ZONE="1")
    staged = paas("groups:attach", "eu", "--stage")
    assert staged.out == "Attached eu to web · staged; `paas releases:create -a web` releases it\n"
    assert "what the app runs: groups shared, eu" in paas("staged").out
    assert list(shared.apps["web"].spec.groups) == ["shared"]
    assert paas("releases:create").exit_code == 0
    assert list(shared.apps["web"].spec.groups) == ["shared", "eu"]


def test_detached_it_is_with_the_other_apps(paas: Paas, shared: Platform) -> None:
    assert paas("groups:detach", "shared").lines[0] == "Detached shared from web · release v1"
    assert paas("config").lines == ["LOG_LEVEL=debug", "NODE_ENV=production"]
    assert shared.used_by("shared") == ["admin", "api"]
    again = paas("groups:detach", "shared")
    assert (again.exit_code, again.out) == (1, "")
    assert "shared is not attached to web" in again.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("groups:attach", "shaerd"), "There is no group shaerd; `paas groups` lists yours. Did you mean shared?"),
        (("groups:info", "shred"), "There is no group shred; `paas groups` lists yours. Did you mean shared?"),
        (("config", "-a", "sharedd"), "Did you mean shared?"),
        (("groups:attach", "shared", "-a", "wbe"), "There is no app wbe"),
        (("groups:attach", "eu", "-a", "shared"), "shared is a group, which holds no group."),
        (("groups:attach", "clash"), "REGION: shared, which web has, has it too"),
        (("groups:info", "web"), "web is an app; `paas apps:info -a web`"),
        (("apps:info", "shared"), "shared is a group; `paas groups:info shared`"),
        (("logs", "-a", "nothing"), "There is no app nothing"),
        (("ps", "-a", "shared"), "shared is a group; `paas groups:info shared`"),
        (("groups:create", "web"), "There is an app web already"),
        (("config:unset", "REGION", "-a", "shared"), "admin, api, web have REGION from shared"),
        (("config:set", "REGION=1", "-a", "eu"), "REGION: shared has it too, and api has both groups"),
        (("groups:destroy", "shared", "--confirm", "shared"), "`paas groups:detach shared -a admin` first"),
    ],
)
def test_a_refusal_says_what_to_do(paas: Paas, shared: Platform, arguments: tuple[str, ...], said: str) -> None:
    shared.add_group("eu", ZONE="1")
    shared.add_group("clash", REGION="2")
    shared.apps["api"].spec.groups.append("eu")
    result = paas(*arguments)
    assert (result.exit_code, result.out) == (1, "")
    assert said in result.err
    assert list(shared.apps["web"].spec.groups) == ["shared"]


@pytest.mark.parametrize(("typed", "exit_code", "is_left"), [("eu", 0, False), ("ue", 1, True)])
def test_destroying_asks_for_the_name(shared: Platform, *, typed: str, exit_code: int, is_left: bool) -> None:
    shared.add_group("eu")
    terminal = Terminal("groups:destroy", "eu")
    terminal.until("Type eu to go on: ")
    assert "This destroys eu, its variables and its secrets; there is no way back." in words(terminal.screen)
    terminal.type(f"{typed}\n")
    assert terminal.end() == exit_code
    assert ("eu" in shared.apps) is is_left


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shared", "shared is attached to admin, api, web. `paas groups:detach shared -a admin` detaches it."),
        ("sharde", "Did you mean shared?"),
        ("web", "web is an app; `paas apps:info -a web` shows it."),
    ],
)
def test_nobody_is_asked_to_type_a_name_for_nothing(shared: Platform, name: str, said: str) -> None:
    terminal = Terminal("groups:destroy", name)
    assert terminal.end() == 1
    assert said in words(terminal.screen)
    assert "to go on" not in terminal.screen
    assert shared.gateway.calls("DestroyGroup") == []


def test_without_a_terminal_destroying_needs_the_name_once_more(paas: Paas, shared: Platform) -> None:
    shared.add_group("eu")
    result = paas("groups:destroy", "eu")
    assert (result.exit_code, result.out) == (2, "")
    assert "add `--confirm eu`" in result.err
    assert paas("groups:destroy", "eu", "--confirm", "eu").out == "Destroyed the group eu\n"
    assert "eu" not in shared.apps


def test_the_app_that_is_chosen_is_no_group_that_is_meant(paas: Paas, shared: Platform) -> None:
    """PAAS_APP names an app, so a command about a group takes its name from the command line alone."""
    for command in ("groups:info", "groups:destroy"):
        assert paas(command).exit_code == 2
    assert shared.gateway.calls("DestroyGroup") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("config", "-g", "shared"), "`paas config -a shared`."),
        (("config:set", "A=1", "--group", "shared"), "`paas config:set A=1 -a shared`."),
        (("groups:info", "-a", "shared"), "`paas groups:info shared`."),
        (("groups:info", "shared", "-a", "web"), "`paas groups:info shared`."),
        (("groups", "attach", "shared", "-a", "web"), "`paas groups:attach shared -a web`."),
        (("groups", "set"), "`paas config:set NAME=value -a GROUP`"),
        (("groups", "other"), "`paas groups:info NAME` shows one."),
        (("references",), "`paas groups` are variables that several apps have"),
        (("shared", "variables"), "did you mean `paas groups`"),
        (("env-groups",), "did you mean `paas groups`"),
        (("envgroups", "link"), "did you mean `paas groups:attach`"),
        (("group:unlink",), "did you mean `paas groups:detach`"),
    ],
)
def test_words_of_other_tools_are_answered_with_ours(paas: Paas, arguments: tuple[str, ...], said: str) -> None:
    result = paas(*arguments)
    assert (result.exit_code, result.out) == (2, "")
    assert said in result.err
