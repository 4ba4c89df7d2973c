"""Which app, profile and environment a command is about: the order of what chooses, and what is said about it.

Leaves out signing in (test_sign_in) and the list of profiles (test_auth).
"""

import json
from pathlib import Path

import pytest

from paas_cli.choice import Choices, Flags
from paas_cli.errors import Misuse
from paas_cli.project import Environment, Project
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import App, Platform
from tests.unit.cli.conftest import Paas

STAGING = Environment("staging", app="env-app", profile="env-profile")
OTHER = Environment("other", app="other-app", profile="other-profile")
PROJECT = Project(
    "/p/.paas.toml",
    app="toml-app",
    profiles=None,
    profile="toml-profile",
    environments={"staging": STAGING, "other": OTHER},
)
PROJECT_TEXT = """\
app = "web"
profile = "main"
[env.staging]
app = "web-staging"
profile = "staging"
[env.bare]
"""


def test_the_order_is_typed_then_exported_then_the_project() -> None:
    flags = {"app": "flag-app", "profile": "flag-profile", "env": "staging"}
    environ = {"PAAS_APP": "var-app", "PAAS_PROFILE": "var-profile", "PAAS_ENV": "other"}
    expected = [
        ("flag-app", "flag-profile"),
        ("env-app", "env-profile"),
        ("var-app", "var-profile"),
        ("other-app", "other-profile"),
        ("toml-app", "toml-profile"),
    ]
    taken_away = [("app", "profile"), ("env",), ("PAAS_APP", "PAAS_PROFILE"), ("PAAS_ENV",)]
    found = []
    for names in [(), *taken_away]:
        for name in names:
            flags.pop(name, None)
            environ.pop(name, None)
        choices = Choices(Flags(**flags), environ, lambda: PROJECT)
        profile = choices.profile()
        assert profile is not None
        found.append((choices.app().name, profile.name))
    assert found == expected
    assert Choices(Flags(), {}, lambda: None).profile() is None
    with pytest.raises(Misuse):
        Choices(Flags(), {}, lambda: None).app()


def test_an_environment_that_names_one_of_two_leaves_the_other() -> None:
    project = Project(
        "/p", app="a", profiles=None, profile="p", environments={"e": Environment("e", app=None, profile="q")}
    )
    choices = Choices(Flags(env="e"), {"PAAS_APP": "v"}, lambda: project)
    assert choices.app().name == "v"
    assert choices.profile() == ("q", "--env e in /p")


@pytest.fixture
def two(platform: Platform, paas: Paas) -> Platform:
    """Profiles `main` and `staging`, apps `web` and `web-staging`, a project with environments."""
    platform.apps["web-staging"] = App(platform.apps["web"].spec, vars={"WHERE": "staging"})
    platform.apps["web"].vars["WHERE"] = "production"
    for name in ("main", "staging"):
        login = ("login", "--profile", name, "--gateway", platform.gateway.address, "--with-token")
        assert paas(*login, stdin=TOKEN.encode()).exit_code == 0
    Path(".paas.toml").write_text(PROJECT_TEXT, encoding="utf-8")
    return platform


def test_an_environment_chooses_app_and_profile(paas: Paas, two: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert two.apps
    assert paas("config").out == "WHERE=production\n"
    assert paas("config", "--env", "staging").out == "WHERE=staging\n"
    monkeypatch.setenv("PAAS_ENV", "staging")
    assert paas("config").out == "WHERE=staging\n"
    assert paas("config", "-a", "web").out == "WHERE=production\n"
    assert paas("config", "--env", "bare").out == "WHERE=production\n"


def test_whoami_says_what_was_chosen_and_by_what(paas: Paas, two: Platform) -> None:
    assert two.apps
    path = Path(".paas.toml").resolve()
    by = f"--env staging in {path}"
    assert json.loads(paas("whoami", "--env", "staging", "--json").out)["chosen"] == {
        "app": {"name": "web-staging", "from": by},
        "profile": {"name": "staging", "from": by},
        "environment": {"name": "staging", "from": "--env"},
    }
    assert f"profile: main (from {path})" in paas("whoami").lines


@pytest.mark.parametrize("more", [(), ("-a", "web"), ("-a", "web", "--profile", "main")])
def test_an_environment_that_is_not_there_is_refused_with_those_there_are(
    paas: Paas, two: Platform, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    two.gateway.seen.clear()
    monkeypatch.setenv("PAAS_GATEWAY", two.gateway.address)
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    result = paas("config:set", "A=1", "--env", "stagin", *more)
    assert result.exit_code == 2
    assert "There is no environment stagin, which --env names, in" in result.err
    assert "(environments there: bare, staging)" in result.err
    Path(".paas.toml").unlink()
    assert "there is no such file here or above" in paas("config", "--env", "staging", *more).err
    assert two.gateway.seen == []


def test_an_exported_one_that_is_not_there_is_no_way_to_another_app(
    paas: Paas, two: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.gateway.seen.clear()
    monkeypatch.setenv("PAAS_ENV", "nowhere")
    result = paas("config:set", "A=1")
    assert (result.exit_code, two.gateway.seen) == (2, [])
    assert "which PAAS_ENV names" in result.err


def test_hints_repeat_it(paas: Paas, two: Platform) -> None:
    assert two.apps
    warned = paas("config:set", "API_TOKEN=x", "--env", "staging", "--no-wait").err
    assert "--env staging" in warned
    assert "-a web-staging" not in warned
    assert (
        "`paas config --env staging`" in paas("confg", "--env", "staging").err
        or "--env staging" in paas("restart", "--env", "staging").err
    )


@pytest.mark.parametrize(
    "table",
    [
        '[env.x]\ngateway = "https://evil.example.com"',
        '[env.x]\ntoken = "c4n4ry"',
        "[env]\nx = 1",
        "[env.x]\napp = 1",
        "env = 1",
    ],
)
def test_an_environment_names_neither_gateway_nor_token(paas: Paas, two: Platform, table: str) -> None:
    two.gateway.seen.clear()
    Path(".paas.toml").write_text(f'app = "web"\nprofile = "main"\n{table}\n', encoding="utf-8")
    result = paas("config")
    assert (result.exit_code, two.gateway.seen) == (1, [])
    assert ".paas.toml" in result.err
    assert "c4n4ry" not in result.err


def test_a_strangers_project_chooses_among_your_profiles_and_no_more(paas: Paas, two: Platform) -> None:
    """Each token goes to the gateway it was stored with, whatever a cloned repository says."""
    Path(".paas.toml").write_text('app = "web"\nprofile = "https://evil.example.com"\n', encoding="utf-8")
    two.gateway.seen.clear()
    result = paas("config")
    assert (result.exit_code, two.gateway.seen) == (2, [])
    assert "There is no profile https://evil.example.com, which " in result.err
    assert "(profiles there: main, staging)" in result.err


def test_files_are_not_read_where_the_environment_has_all(
    paas: Paas, platform: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = home / ".config" / "paas" / "config.toml"
    config.parent.mkdir(parents=True)
    monkeypatch.setenv("PAAS_GATEWAY", platform.gateway.address)
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    for content, mode in (("not = toml = c4n4ry", 0o600), ("", 0o666), ("[profiles]\nx = 1", 0o600)):
        config.write_text(content)
        config.chmod(mode)
        assert paas("config", "-a", "web").exit_code == 0
        assert paas("whoami").exit_code == 0
        monkeypatch.setenv("PAAS_PROFILE", "work")
        assert paas("config", "-a", "web").exit_code == 0
        monkeypatch.delenv("PAAS_PROFILE")
        assert paas("config", "-a", "web", "--profile", "work").exit_code != 0  # who types one means it
    monkeypatch.delenv("PAAS_TOKEN")
    assert paas("config", "-a", "web").exit_code == 1


def test_what_is_not_accepted_is_named(
    paas: Paas, platform: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = platform.gateway.address
    assert paas("login", "--profile", "work", "--gateway", address, "--with-token", stdin=TOKEN.encode()).exit_code == 0
    platform.gateway.tokens.clear()
    stored = paas("config", "-a", "web").err
    config = home / ".config" / "paas" / "config.toml"
    assert f"The token of profile work in {config} was not accepted by {address}" in stored
    monkeypatch.setenv("PAAS_TOKEN", "paas_pat_c4n4ry")
    exported = paas("config", "-a", "web").err
    assert f"The token in PAAS_TOKEN was not accepted by {address}" in exported
    monkeypatch.delenv("PAAS_TOKEN")
    Path("cli.toml").write_text(config.read_text(encoding="utf-8"), encoding="utf-8")
    Path("cli.toml").chmod(0o600)
    Path(".paas.toml").write_text('profiles = "cli.toml"\n', encoding="utf-8")
    of_the_project = paas("config", "-a", "web").err
    assert "cli.toml, which this folder's .paas.toml names, was not accepted" in of_the_project
    for said in (stored, exported, of_the_project):
        assert "c4n4ry" not in said
        assert TOKEN not in said
