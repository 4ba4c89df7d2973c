"""Which app, variable, token or permission was meant by one that is not there, told to nobody who may not list it.

Leaves out names of commands (typed/test_suggestions) and `config:get`, `secrets:get` (variables/test_get).
"""

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

LISTS = ("ListApps", "ListVars", "ListSecrets", "ListTokens")


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app with something of both kinds, and a token."""
    app = signed_in.apps["web"]
    app.vars, app.secrets = {"LOG_LEVEL": "info"}, {"API_KEY": "1"}
    return signed_in


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("config", "-a", "wbe"), "Did you mean web?"),
        (("apps:destroy", "-a", "wbe", "--confirm", "wbe"), "Did you mean web?"),
        (("config:set", "A=1", "-a", "wbe"), "Did you mean web?"),
        (("config:unset", "LOG_LEVL"), "Did you mean LOG_LEVEL?"),
        (("secrets:unset", "API_KYE"), "Did you mean API_KEY?"),
        (("secrets:rotate", "API_KYE"), "Did you mean API_KEY?"),
        (("secrets:rotate", "LOG_LEVEL"), "LOG_LEVEL is a config var."),
        (("tokens:revoke", "github-c"), "Did you mean github-ci?"),
        (("tokens:rotate", "github-c"), "Did you mean github-ci?"),
    ],
)
def test_a_near_name_is_asked_for(paas: Paas, web: Platform, arguments: tuple[str, ...], meant: str) -> None:
    paas("tokens:create", "--name", "github-ci")
    result = paas(*arguments)
    assert (result.exit_code, result.out) == (1, "")
    assert meant in result.err
    assert web.apps
    far = tuple(
        "zzzz" if word in ("wbe", "LOG_LEVL", "API_KYE", "LOG_LEVEL", "github-c") else word for word in arguments
    )
    assert "Did you mean" not in paas(*far).err


@pytest.mark.parametrize(
    "arguments",
    [
        ("config", "-a", "wbe"),
        ("config:unset", "LOG_LEVL"),
        ("config:unset", "API_KYE"),
        ("secrets:unset", "API_KYE"),
        ("secrets:rotate", "LOG_LEVL"),
        ("secrets:get", "API_KYE"),
    ],
)
def test_who_may_not_list_learns_nothing_and_asks_for_no_list(
    paas: Paas, web: Platform, arguments: tuple[str, ...]
) -> None:
    web.permissions = ["config.write", "secrets.write"]
    result = paas(*arguments)
    assert result.exit_code == 1
    assert "ean" not in result.err
    own = ["ListVars"] if arguments[0] == "config" else []
    assert [name for name in LISTS if web.gateway.calls(name)] == own


def test_a_secret_is_not_told_to_who_may_list_config_alone(paas: Paas, web: Platform) -> None:
    web.permissions = ["config.read", "config.write"]
    assert paas("config:get", "API_KEY").err == "error: API_KEY: not set.\n"
    assert web.gateway.calls("ListSecrets") == []


@pytest.mark.parametrize(
    ("scope", "meant"),
    [
        ("config", "Did you mean config.read or config.write?"),
        ("config:write", "Did you mean config.write?"),
        ("secrets", "Did you mean secrets.list or secrets.write?"),
        ("secrets.read", ""),
    ],
)
def test_a_permission_that_is_none_has_those_the_caller_can_give(
    paas: Paas, web: Platform, scope: str, meant: str
) -> None:
    web.permissions = ["config.read", "config.write", "secrets.list", "secrets.reveal", "secrets.write"]
    wrong = "The token can't be made as asked: permissions[0] x is no permission; there are config.read and others."
    web.gateway.fail("CreateToken", Fault(3, wrong, reason="INVALID_INPUT"))
    err = paas("tokens:create", "--name", "ci", "--scope", scope).err
    assert "asked: --scope x is no permission; " in err
    assert meant in err
    assert ("Did you mean" in err) == bool(meant)


def test_a_services_commands_can_be_pasted(paas: Paas, web: Platform) -> None:
    told = "S is a secret: `paas secrets:set S`, `paas releases -a web`, `paas tokens:list` and `paas nope` help."
    web.gateway.fail("SetVars", Fault(9, told, reason="NAME_IS_SECRET"))
    assert paas("config:set", "PLAIN=1").err == (
        "error: S is a secret: `paas secrets:set S -a web`, `paas releases -a web`, `paas tokens:list` and `paas nope` "
        "help.\n"
    )


def test_a_change_that_is_refused_is_not_warned_of_as_well(paas: Paas, web: Platform) -> None:
    web.gateway.fail("SetVars", Fault(9, "API_KEY is a secret.", reason="NAME_IS_SECRET"))
    assert paas("config:set", "API_KEY=1").err == "error: API_KEY is a secret.\n"


def test_no_events_are_said_to_be_none(paas: Paas, web: Platform) -> None:
    assert web.apps
    result = paas("audit", "--name", "NOBODY")
    assert (result.exit_code, result.out, result.err) == (0, "", "note: The audit log has no such events.\n")
