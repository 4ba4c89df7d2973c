"""What an agent is refused: one sentence each, that says what to do instead and nothing of what was given.

Leaves out refusals of the platform itself, which every command words alike.
"""

from typing import Any

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.agents.conftest import Agents
from tests.unit.cli.conftest import Paas

CANARY = "c4n4ry-value"
CREDENTIAL = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("list_apps", {"colour": CANARY}, "colour is no field that it takes. It takes no arguments."),
        ("show_release", {"number": "3"}, "number has to be a whole number. It takes app, number."),
        ("show_release", {}, "number is missing"),
        ("watch_release", {"timeout_seconds": 10**6}, "timeout_seconds is refused: "),
        ("list_variables", {"app": "nope"}, "There is no app nope; `paas apps:list` lists yours."),
        ("list_variables", {"app": ""}, "app is refused: "),
        ("list_audit_events", {"outcome": CANARY}, "outcome is refused: "),
        ("compare_releases", {"old": 7}, "web has no release v7"),
        ("watch_release", {}, "web has no releases to watch."),
        ("stage", {}, "nothing is to be staged"),
        ("stage", {"set_secrets": {"S": CANARY}}, "set_secrets.S has to be an object; a secret's value is never given"),
        ("stage", {"set_secrets": {"S": {"value": CANARY}}}, "a secret's value is never given"),
        ("stage", {"set_secrets": {"S": {}}}, "give exactly one of env, file and random_bytes"),
        ("stage", {"set_secrets": {"S": {"env": "HOME"}}}, "`paas mcp --secret-env NAME`"),
        ("stage", {"set_secrets": {"S": {"file": "/etc/passwd"}}}, "`paas mcp --secret-file FILE`"),
        ("stage", {"set_config": {"STRIPE_KEY": CREDENTIAL}}, "STRIPE_KEY: this looks like a credential"),
        ("stage", {"set_config": {"A": 1}}, "set_config.A has to be a text"),
        ("stage", {"set_config": {"no name": CANARY}}, "Nothing was changed: no name"),
        ("discard_staged", {}, "give the names to discard, or everything: true"),
        ("discard_staged", {"names": ["NOPE"]}, "nothing is staged for NOPE"),
        ("run", {"command": ["true"]}, "`paas mcp --allow-run` lets an agent run commands."),
        ("release", {"names": ["A"]}, "`paas mcp --allow-release` lets an agent do it."),
        ("get_secret", {"name": "S"}, "No tool gives the value of a variable."),
        ("config:get", {"name": "S"}, "No tool gives the value of a variable."),
        ("secrets_export", {}, "No tool gives the value of a variable."),
    ],
)
async def test_a_sentence_says_what_is_wrong(
    agent: Agents, platform: Platform, *, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    platform.apps["web"].secrets["S"] = CANARY
    async with agent() as call:
        refused = await call.refused(tool, **arguments)
        assert sentence in refused
        assert CANARY not in refused
        assert CREDENTIAL not in refused
        assert not {"run", "release"} & call.tools.keys()
    web = platform.apps["web"]
    assert (web.draft, web.sealed_draft, web.releases) == ({}, {}, {})


async def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(agent: Agents) -> None:
    async with agent() as call:
        assert (await call.unknown("drop_all")).startswith("drop_all is no tool here. These are: list_apps, ")
        assert (await call.unknown(CREDENTIAL)).startswith("That is no tool here.")


async def test_paas_is_not_run_since_it_prints_values(agent: Agents, platform: Platform) -> None:
    platform.apps["web"].secrets["S"] = CANARY
    async with agent(run=True) as call:
        assert "it prints values" in await call.refused("run", command=["/usr/bin/paas", "secrets:get", "S"])
        assert "no-such-program" in await call.refused("run", command=["no-such-program"])
        assert "NUL" in await call.refused("run", command=["sh", "a\0b"])
    assert platform.events == []


async def test_who_is_not_signed_in_is_told_how(agent: Agents) -> None:
    async with agent(environ={}) as call:
        assert "paas login" in await call.refused("list_apps")


async def test_what_is_not_allowed_names_the_permission(agent: Agents, platform: Platform) -> None:
    needs = Fault(7, "You may not do this.", reason="PERMISSION_DENIED", metadata={"permission": "config.read"})
    for method in ("ListVars", "ListSecrets"):
        platform.gateway.fail(method, needs)
    async with agent() as call:
        assert "The permission needed is config.read." in await call.refused("list_variables")


def test_the_command_refuses_what_can_be_no_reference(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    assert "--secret-env can't be PAAS_TOKEN" in paas("mcp", "--secret-env", "PAAS_TOKEN").err
    assert "NOPE, which is not set" in paas("mcp", "--secret-env", "NOPE").err
    assert "no file" in paas("mcp", "--secret-file", "nope").err
    assert paas("mcp", "--json").exit_code == 2


def test_without_the_library_it_says_how_to_install_it(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [each for each in sys.modules if each.startswith(("mcp", "paas_cli.agents"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    result = paas("mcp")
    assert (result.exit_code, "pip install 'paas-cli[mcp]'" in result.err) == (1, True)
