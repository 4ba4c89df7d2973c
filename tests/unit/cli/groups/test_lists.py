"""What an app's lists and values say of shared groups: `config`, `secrets`, `config:get`, `secrets:get`, exports.

Leaves out programs that are run with them (test_run) and what makes and attaches groups (test_groups).
"""

import json
from io import StringIO

import pytest
from dotenv import dotenv_values

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.groups.conftest import SECRET
from tests.unit.cli.terminal import Terminal


def test_elsewhere_than_on_a_terminal_comments_say_it_and_values_are_exact(paas: Paas, shared: Platform) -> None:
    shared.apps["shared"].vars["REGION"] = 'a "b" # c'
    result = paas("config")
    assert result.lines == [
        "LOG_LEVEL=debug",
        "NODE_ENV=production",
        "# LOG_LEVEL wins over shared",
        "# from shared",
        'REGION=a "b" # c',
    ]
    assert result.err == ""


def test_on_a_terminal_marks_stand_behind_the_lines(shared: Platform) -> None:
    assert shared.apps
    terminal = Terminal("config", environ={"NO_COLOR": "1"})
    assert terminal.end() == 0
    assert terminal.screen.splitlines() == [
        "LOG_LEVEL=debug   (wins over shared)",
        "NODE_ENV=production",
        "REGION=eu-central-1   (from shared)",
    ]
    secrets = Terminal("secrets", environ={"NO_COLOR": "1"})
    assert secrets.end() == 0
    assert secrets.screen.splitlines() == [f"STRIPE_API_KEY={'•' * 16}", f"SENTRY_DSN={'•' * 16}   (from shared)"]


def test_json_has_the_groups_apart(paas: Paas, shared: Platform) -> None:
    assert shared.apps
    config = json.loads(paas("config", "--json").out)
    assert [var["name"] for var in config["vars"]] == ["LOG_LEVEL", "NODE_ENV"]
    (group,) = config["groups"]
    assert [(var["name"], var["value"]) for var in group.pop("vars")] == [("REGION", "eu-central-1")]
    assert group == {"group": "shared", "own_names": ["LOG_LEVEL"], "hidden": False}
    secrets = json.loads(paas("secrets", "--json").out)
    assert [each["name"] for each in secrets["secrets"]] == ["STRIPE_API_KEY"]
    assert secrets["groups"] == [
        {
            "group": "shared",
            "secrets": [{"name": "SENTRY_DSN", "value": "•" * 16}],
            "own_names": [],
            "hidden": False,
        }
    ]


def test_names_are_those_the_app_has_each_once(paas: Paas, shared: Platform) -> None:
    shared.apps["web"].secrets["SENTRY_DSN"] = "its own"
    assert paas("config", "--names").lines == ["LOG_LEVEL", "NODE_ENV", "REGION"]
    assert paas("secrets", "--names").lines == ["STRIPE_API_KEY", "SENTRY_DSN"]
    assert "# SENTRY_DSN wins over shared" in paas("secrets").lines


def test_a_group_itself_is_listed_as_an_app_is(paas: Paas, shared: Platform) -> None:
    assert shared.apps
    assert paas("config", "-a", "shared").lines == ["LOG_LEVEL=info", "REGION=eu-central-1"]
    assert paas("secrets", "-a", "shared").lines == [f"SENTRY_DSN={'•' * 16}"]
    assert paas("secrets:get", "SENTRY_DSN", "-a", "shared").out == f"{SECRET}\n"


def test_a_group_out_of_sight_is_said_in_a_line(paas: Paas, shared: Platform) -> None:
    shared.hidden_groups.add("shared")
    said = "note: shared is attached, and you may not see it: what comes from there is not shown.\n"
    for command in ("config", "secrets"):
        result = paas(command)
        assert (result.exit_code, result.err) == (0, said)
        assert "REGION" not in result.out
    (group,) = json.loads(paas("config", "--json").out)["groups"]
    assert group == {"group": "shared", "vars": [], "own_names": [], "hidden": True}
    assert "shared is attached, and you may not see it" in paas("config:get", "REGION").err
    assert "is missing in it" in paas("config:export").err


def test_secrets_are_listed_without_config_read_as_before(paas: Paas, shared: Platform) -> None:
    shared.permissions = ["secrets.list"]
    result = paas("secrets")
    assert (result.lines, result.err) == ([f"STRIPE_API_KEY={'•' * 16}"], "")
    assert shared.gateway.calls("ListVars") == []


def test_a_value_is_read_as_the_app_has_it(paas: Paas, shared: Platform) -> None:
    assert shared.apps
    assert paas("config:get", "REGION").out == "eu-central-1\n"
    assert paas("config:get", "LOG_LEVEL").out == "debug\n"
    assert paas("config:get", "LOG_LEVEL", "REGION").lines == ["LOG_LEVEL=debug", "REGION=eu-central-1"]


@pytest.mark.parametrize("command", ["config:get", "secrets:get"])
def test_a_groups_secret_is_answered_with_the_command_that_reads_it(paas: Paas, shared: Platform, command: str) -> None:
    assert shared.apps
    result = paas(command, "SENTRY_DSN")
    reads = "SENTRY_DSN is a secret of shared: `paas secrets:get SENTRY_DSN -a shared` reads it."
    assert (result.exit_code, result.out, result.err) == (1, "", f"error: {reads}\n")
    several = paas(command, "SENTRY_DSN", "NOTHING_NEAR")
    assert reads in several.err
    assert "NOTHING_NEAR: no" in several.err
    assert SECRET not in result.err + several.err


def test_what_only_the_app_itself_could_have_says_where_it_is(paas: Paas, shared: Platform) -> None:
    assert shared.apps
    for arguments in (("secrets:seal", "REGION"), ("config:copy", "REGION", "--from", "web", "--to", "api")):
        result = paas(*arguments)
        assert (result.exit_code, result.out) == (1, "")
        assert result.err == "error: Nothing was changed: REGION comes from the group shared.\n"


def test_who_may_not_list_a_groups_secrets_is_told_nothing_of_them(paas: Paas, shared: Platform) -> None:
    shared.permissions = ["config.read"]
    shared.gateway.fail("ListSecrets", Fault(7, "You may not."))
    assert paas("config:get", "SENTRY_DSN").err == "error: SENTRY_DSN: not set.\n"
    assert shared.gateway.calls("ListSecrets") == []


def test_what_comes_from_a_group_is_not_unset_in_an_app(paas: Paas, shared: Platform) -> None:
    for arguments, name in ((("config:unset", "REGION"), "REGION"), (("secrets:unset", "SENTRY_DSN"), "SENTRY_DSN")):
        result = paas(*arguments)
        assert result.exit_code == 1
        assert f"{name} comes from the group shared; here only a value of the app's own can be changed." in result.err
        assert "-a shared" not in result.err  # which would take it from other apps as well
    assert shared.apps["shared"].vars["REGION"] == "eu-central-1"


def test_an_export_has_it_below_a_comment_unless_the_apps_own_is_enough(paas: Paas, shared: Platform) -> None:
    assert shared.apps
    whole = {"LOG_LEVEL": "debug", "NODE_ENV": "production", "REGION": "eu-central-1"}
    for format_ in ("dotenv", "shell", "docker"):
        printed = paas("config:export", "--format", format_).out
        assert dotenv_values(stream=StringIO(printed), interpolate=False) == whole
        assert printed.splitlines()[2] == "# from shared"
    assert json.loads(paas("config:export", "--json").out) == whole
    own = paas("config:export", "--own").out
    assert dotenv_values(stream=StringIO(own), interpolate=False) == {"LOG_LEVEL": "debug", "NODE_ENV": "production"}


def test_comparing_and_copying_are_of_the_apps_own(paas: Paas, shared: Platform) -> None:
    assert shared.apps
    compared = json.loads(paas("config:diff", "web", "api", "--json").out)
    assert [each["name"] for each in compared["differences"]] == ["LOG_LEVEL", "NODE_ENV", "STRIPE_API_KEY"]
    assert paas("config:copy", "--from", "web", "--to", "api", "--yes", "--no-wait").exit_code == 0
    assert shared.apps["api"].vars == {"LOG_LEVEL": "debug", "NODE_ENV": "production"}
    assert paas("promote", "web", "shared", "--only", "NODE_ENV", "--yes", "--no-wait").exit_code == 0
    assert shared.apps["shared"].vars["NODE_ENV"] == "production"


def test_of_two_groups_with_a_name_the_one_attached_first_wins(paas: Paas, shared: Platform) -> None:
    shared.add_group("late", REGION="us-east-1", ONLY_LATE="1")
    shared.apps["web"].spec.groups.append("late")
    assert paas("config:get", "REGION").out == "eu-central-1\n"
    assert paas("config").lines[-4:] == ["# from shared", "REGION=eu-central-1", "# from late", "ONLY_LATE=1"]
