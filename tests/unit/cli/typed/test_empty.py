"""An option or argument that is given and empty is an error in every command, never "not given".

It comes from a variable of the shell that is not set, and a command that took it for absent would act on another app.
An empty variable of the environment counts as not set, as it does elsewhere.
"""

from collections.abc import Iterator

import click
import pytest

from paas_cli.catalogue import ENTRIES
from paas_cli.program import program
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

# What a command needs besides the parameter that is tried.
NEEDED = {
    "config:get": ["A"],
    "config:set": ["A=1"],
    "config:diff": ["shop"],
    "config:copy": ["--from", "web", "--to", "shop"],
    "promote": ["web", "shop"],
    "groups:create": ["eu"],
    "groups:info": ["eu"],
    "groups:attach": ["eu"],
    "groups:detach": ["eu"],
    "groups:destroy": ["eu"],
    "config:unset": ["A"],
    "config:import": ["f"],
    "secrets:set": ["A=1"],
    "secrets:import": ["f"],
    "secrets:get": ["A"],
    "secrets:rotate": ["A"],
    "secrets:seal": ["A"],
    "secrets:unset": ["A"],
    "secrets:expire": ["A"],
    "releases:info": ["v1"],
    "releases:diff": ["v1"],
    "rollback": ["v1"],
    "apps:create": ["shop"],
    "tokens:create": ["--name", "ci"],
    "auth:switch": ["work"],
    "auth:rename": ["work", "home"],
    "completion": ["bash"],
    "tokens:rotate": ["ci"],
    "tokens:revoke": ["ci"],
    "tokens:trust:add": ["--issuer", "https://ci.example", "--subject", "s"],
    "tokens:trust:test": ["ci"],
    "tokens:trust:remove": ["ci"],
    "audit:verify-proof": ["f"],
    "witness": ["--key", "f"],
}


def parameters(kind: type[click.Parameter]) -> Iterator[tuple[str, click.Parameter]]:
    group = program()
    for name in ENTRIES:
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        yield from ((name, param) for param in command.params if isinstance(param, kind))


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_an_empty_option_is_an_error(paas: Paas, signed_in: Platform, name: str) -> None:
    takes_values = [param for found, param in parameters(click.Option) if found == name and not _is_flag(param)]
    assert {"--profile"} <= {spelling for param in takes_values for spelling in param.opts}
    for param in takes_values:
        for option, empty in ((param.opts[0], ""), (param.opts[-1], "  ")):
            # What follows the name of a program to run is that program's.
            result = paas(name, *NEEDED.get(name, []), option, empty, *(["true"] if name == "run" else []))
            assert (result.exit_code, result.out) == (2, ""), option
            assert result.err.endswith(f" See `paas {name} --help`.\n")
            assert "has an empty value; give it one, or leave it out." in result.err or " takes " in result.err
    assert signed_in.gateway.seen == []


def _is_flag(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and param.is_flag


_BEFORE = {
    ("releases:diff", "new"): ["v1"],
    ("secrets:expire", "when"): ["A"],
    ("promote", "target"): ["x"],
    ("open", "which"): ["secrets"],
}


def test_an_empty_argument_is_an_error(paas: Paas, signed_in: Platform) -> None:
    for name, param in parameters(click.Argument):
        if param.nargs != 1:
            continue
        before = _BEFORE.get((name, param.name or ""), [])
        after = {"apps:destroy": ["--confirm", "x"], "promote": ["x"], "auth:rename": ["x"]}.get(name, [])
        after = after if not before else []
        result = paas(name, *before, "", *after)
        assert (result.exit_code, result.out) == (2, ""), name
        if isinstance(param.type, click.Choice):
            assert " takes " in result.err
            continue
        assert "has an empty value; give it one" in result.err
        assert ("or leave it out" in result.err) is not param.required
    assert signed_in.gateway.seen == []


@pytest.mark.parametrize("name", ["config:set", "config:unset", "secrets:set", "secrets:unset"])
def test_an_empty_one_of_several_arguments_is_counted(paas: Paas, signed_in: Platform, name: str) -> None:
    result = paas(name, "A=1" if name.endswith(":set") else "A", "")
    assert result.exit_code == 2
    assert "argument 2 is not " in result.err
    assert signed_in.gateway.seen == []


def test_what_an_app_runs_may_have_an_empty_argument(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:create", "shop", "--", "run", "").exit_code == 0
    assert list(signed_in.apps["shop"].spec.command) == ["run", ""]


def test_an_empty_variable_of_the_environment_is_none(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signed_in.apps
    for name in ("PAAS_APP", "PAAS_PROFILE", "NO_COLOR", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "")
    assert paas("config", "-a", "web").exit_code == 0
    none = paas("config")
    assert none.exit_code == 2
    assert "No app is chosen" in none.err
    monkeypatch.setenv("PAAS_TOKEN", "")
    assert paas("config", "-a", "web").exit_code == 3
    monkeypatch.setenv("PAAS_GATEWAY", "")
    assert "No gateway is known" in paas("config", "-a", "web").err


def test_what_is_removed_is_removed_by_an_option_of_its_own(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:update", "--health-path", "/up", "--image", "i:1").exit_code == 0
    spec = signed_in.apps["web"].spec
    assert (spec.health_path, spec.image) == ("/up", "i:1")
    assert paas("apps:update", "--no-health-path", "--no-image").exit_code == 0
    assert (spec.health_path, spec.image, list(spec.command)) == ("", "", ["python", "server.py"])
    assert paas("apps:update", "--no-image", "--image", "i:2").exit_code == 2
    assert paas("apps:update", "--no-health-path", "--health-path", "/up").exit_code == 2
