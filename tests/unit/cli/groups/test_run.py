"""Programs with the variables of an app's groups, and schemas held against them.

Each program is a real process. Leaves out what is the same without groups (tests/unit/cli/running).
"""

from pathlib import Path

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.groups.conftest import SECRET
from tests.unit.cli.running import started
from tests.unit.cli.terminal import Terminal, words


def test_a_program_gets_them_all_and_own_values_win(shared: Platform) -> None:
    shared.apps["web"].secrets["REGION"] = "sealed by web"
    got = started.given()
    wanted = {"LOG_LEVEL": "debug", "NODE_ENV": "production", "REGION": "sealed by web", "SENTRY_DSN": SECRET}
    assert {name: got.get(name) for name in wanted} == {name: repr(value) for name, value in wanted.items()}
    assert [(event.action, event.app, list(event.targets)) for event in shared.events] == [
        ("secrets.run", "web", ["REGION", "STRIPE_API_KEY"]),
        ("secrets.run", "shared", ["SENTRY_DSN"]),
    ]


def test_an_own_config_var_wins_over_a_groups_secret(shared: Platform) -> None:
    shared.apps["web"].vars["SENTRY_DSN"] = "off"
    assert started.given()["SENTRY_DSN"] == "'off'"


def test_only_what_is_named_is_opened_where_it_is(shared: Platform) -> None:
    got = started.given("--only", "REGION", "--only", "SENTRY_DSN", "--only", "STRIPE_API_KEY")
    assert (got["REGION"], got["SENTRY_DSN"]) == ("'eu-central-1'", repr(SECRET))
    assert not {"LOG_LEVEL", "NODE_ENV"} & got.keys()
    assert [(event.app, list(event.targets)) for event in shared.events] == [
        ("web", ["STRIPE_API_KEY"]),
        ("shared", ["SENTRY_DSN"]),
    ]
    shared.events.clear()
    assert started.given("--only", "SENTRY_DSN")["SENTRY_DSN"] == repr(SECRET)
    assert [event.app for event in shared.events] == ["shared"]


def test_config_only_has_the_groups_config_vars(shared: Platform) -> None:
    got = started.given("--config-only")
    assert (got["REGION"], got["LOG_LEVEL"]) == ("'eu-central-1'", "'debug'")
    assert "SENTRY_DSN" not in got
    assert not shared.events


@pytest.mark.parametrize("options", [(), ("--config-only",)])
def test_nothing_starts_with_half_its_variables(shared: Platform, options: tuple[str, ...]) -> None:
    shared.hidden_groups.add("shared")
    ended = started.paas("run", *options, "--", "echo", "started")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "Nothing was started: shared is attached, and you may not see it" in ended.stderr
    assert not shared.events
    ended = started.paas("run", "--only", "SENTRY_DSN", "--", "echo", "started")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "SENTRY_DSN is not set" in ended.stderr
    assert "shared is attached, and you may not see it." in ended.stderr
    assert started.paas("run", "--only", "NODE_ENV", "--", "printenv", "NODE_ENV").stdout == "production\n"


def test_a_group_whose_secrets_may_not_be_revealed_says_what_works(shared: Platform) -> None:
    shared.apps["web"].secrets.clear()
    denied = Fault(7, "This needs the permission secrets.reveal.", metadata={"permission": "secrets.reveal"})
    shared.gateway.fail("RevealEnvironment", denied)
    ended = started.paas("run", "--", "echo", "started")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "`paas run --config-only -a web` runs with config vars alone." in ended.stderr


def test_the_groups_secrets_are_masked_too(shared: Platform) -> None:
    assert shared.apps
    ended = started.paas("run", "--mask", "--", "sh", "-c", 'echo "dsn $SENTRY_DSN in $REGION"')
    assert ended.stdout == f"dsn {'•' * 16} in eu-central-1\n"


def test_a_shell_leaves_out_what_it_would_run(shared: Platform) -> None:
    shared.apps["shared"].vars["PROMPT_COMMAND"] = "touch ran"
    terminal = Terminal("shell", environ={"SHELL": "/bin/sh"})
    terminal.until("exit to leave")
    terminal.type("echo $REGION-${PROMPT_COMMAND:-none}; exit\n")
    assert terminal.end() == 0
    assert "left out, since a shell would run it: PROMPT_COMMAND" in words(terminal.screen)
    assert "eu-central-1-none" in terminal.screen


SCHEMA = (
    "# @defaultRequired=true @defaultSensitive=false\n# ---\n"
    "REGION=\n# @sensitive\nSENTRY_DSN=\n# @type=number\nWORKERS=\n"
)


def test_a_schema_is_held_against_all_that_the_app_has(paas: Paas, shared: Platform) -> None:
    Path(".env.schema").write_text(SCHEMA, encoding="utf-8")
    result = paas("schema:check")
    assert (result.exit_code, result.lines) == (1, ["WORKERS is not set"])
    shared.apps["shared"].vars["WORKERS"] = "4"
    assert paas("schema:check").exit_code == 0
    assert "REGION" in paas("schema:init", "-").out


def test_of_a_group_out_of_sight_nothing_is_said_to_be_missing(paas: Paas, shared: Platform) -> None:
    Path(".env.schema").write_text(SCHEMA, encoding="utf-8")
    shared.hidden_groups.add("shared")
    result = paas("schema:check")
    assert result.exit_code == 0
    assert "shared is attached, and you may not see it: what comes from there is left out." in result.err


def test_a_dry_run_knows_what_the_group_has(paas: Paas, shared: Platform) -> None:
    """An own value that is unset lets the group's through, of which the app may not be missing anything."""
    shared.apps["web"].spec.schema = SCHEMA.replace("WORKERS", "LOG_LEVEL").replace("=number", "=string")
    assert "would refuse" not in paas("config:unset", "LOG_LEVEL", "--dry-run").err
    shared.apps["web"].spec.schema += "\nNODE_ENV=\n"
    assert "NODE_ENV" in paas("config:unset", "NODE_ENV", "--dry-run").err
