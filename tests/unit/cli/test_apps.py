"""Apps: listed, made, shown, changed, destroyed; and how the app of a command is chosen."""

import json
from pathlib import Path

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas


def test_create_with_a_command(paas: Paas, signed_in: Platform) -> None:
    result = paas("apps:create", "shop", "--instances", "3", "--health-path", "/up", "--", "python", "-m", "shop")
    assert result.exit_code == 0
    assert result.lines[0] == "Created shop · release v1"
    assert result.lines[-1] == "v1 succeeded"
    spec = signed_in.apps["shop"].spec
    assert (list(spec.command), spec.instances, spec.health_path) == (["python", "-m", "shop"], 3, "/up")


def test_create_with_nothing_to_run(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:create", "later").out == "Created later\n"
    assert signed_in.apps["later"].releases == {}
    assert paas("apps:create", "later").exit_code == 1


def test_list_info_and_json(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    assert paas("apps:list").out == paas("apps").out == "web\t2\tpython server.py\n"
    info = paas("apps:info", "web").lines
    assert {"name: web", "command: python server.py", "instances: 2"} <= set(info)
    assert "instance 2: ready v1 port 9001 since 2026-05-08T13:42:00Z" in info
    document = json.loads(paas("apps:info", "--json").out)
    assert document["app"]["command"] == ["python", "server.py"]
    assert [instance["index"] for instance in document["instances"]] == [1, 2]
    assert json.loads(paas("apps:list", "--json").out)["apps"][0]["name"] == "web"


def test_info_without_a_releaser_shows_the_app_and_says_so(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("ListInstances", Fault(14, "no healthy upstream"))
    result = paas("apps:info", "web")
    assert result.exit_code == 0
    assert "name: web" in result.lines
    assert "The releaser service is unavailable" in result.err
    assert json.loads(paas("apps:info", "web", "--json").out)["instances"] is None


def test_update_changes_only_what_is_named(paas: Paas, signed_in: Platform) -> None:
    assert paas("apps:update", "--instances", "5").lines[0] == "Updated web · release v1"
    spec = signed_in.apps["web"].spec
    assert (list(spec.command), spec.instances) == (["python", "server.py"], 5)
    assert signed_in.gateway.calls("UpdateApp")[-1].etag == "e1"
    assert paas("apps:update", "--instances", "5").out == "No change\n"
    assert paas("apps:update").exit_code == 2
    # An app's name where `apps:create` has it would be a program's here.
    for words in (("web", "--instances", "3"), ("web", "--", "sleep", "1")):
        refused = paas("apps:update", *words)
        assert (refused.exit_code, "give the app with -a" in refused.err) == (2, True)


def test_destroy_wants_the_name(paas: Paas, signed_in: Platform) -> None:
    asked = paas("apps:destroy", "web")
    assert asked.exit_code == 2
    assert "--confirm web" in asked.err
    assert paas("apps:destroy", "web", "--confirm", "wbe").exit_code == 1
    assert "web" in signed_in.apps
    assert paas("apps:destroy", "web", "--confirm", "web").out == "Destroyed web\n"
    assert signed_in.apps == {}


def test_two_names_for_the_app_are_one_too_many(paas: Paas, signed_in: Platform) -> None:
    result = paas("apps:destroy", "web", "-a", "other", "--confirm", "web")
    assert result.exit_code == 2
    assert "web" in signed_in.apps


@pytest.mark.parametrize(
    ("flag", "variable", "file", "chosen"),
    [("f", "v", "p", "f"), (None, "v", "p", "v"), (None, None, "p", "p"), (None, "", "p", "p")],
)
def test_the_app_is_chosen_by_flag_then_variable_then_file(
    paas: Paas,
    signed_in: Platform,
    monkeypatch: pytest.MonkeyPatch,
    *,
    flag: str | None,
    variable: str | None,
    file: str,
    chosen: str,
) -> None:
    Path(".paas.toml").write_text(f'app = "{file}"\n')
    Path("deep/er").mkdir(parents=True)
    monkeypatch.chdir("deep/er")
    monkeypatch.delenv("PAAS_APP")
    if variable is not None:
        monkeypatch.setenv("PAAS_APP", variable)
    paas("config", *(["--app", flag] if flag else []))
    assert signed_in.gateway.calls("ListVars")[-1].app == chosen


def test_no_app_at_all_lists_the_three_ways(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAAS_APP")
    result = paas("config")
    assert result.exit_code == 2
    for way in ("-a/--app", "PAAS_APP", ".paas.toml"):
        assert way in result.err
    assert signed_in.gateway.seen == []
