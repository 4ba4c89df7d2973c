"""A command that a sentence suggests can be pasted: it exists, it takes what it is given, it repeats what was given.

Leaves out what servers say, who can't know what was given.
"""

import re

import click
import pytest
from paas.releaser.v1 import releaser_pb2

from paas_cli.program import program
from paas_cli.terminal import hints
from tests.fakes.gateway import TOKEN, Drop, Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

APP, PROFILE = "shop", "staging"
# What leads to a sentence with a hint, by the words it is known by; those with an app were given one.
WITH_APP = [
    (("config:set", "A=1", "--stage"), "staged; "),
    (("config:set", "API_KEY=1", "--no-wait"), "seals instead"),
    (("secrets:set", "K=-"), "to seal an empty value"),
    (("secrets:get", "not-a-name"), "lists them"),
    (("secrets:rotate", "not-a-name"), "lists them"),
    (("releases:info", "x"), "lists them"),
    (("rollback", "x"), "lists them"),
    (("reboot",), "did you mean"),
    (("logs",), "have written nothing"),
]
UNKNOWN = [
    ("SetVars", ("config:set", "A=1")),
    ("UnsetVars", ("config:unset", "A")),
    ("SetSecrets", ("secrets:set", "S=1")),
    ("UnsetSecrets", ("secrets:unset", "S")),
    ("RotateSecret", ("secrets:rotate", "S")),
    ("CreateRelease", ("releases:create",)),
    ("Rollback", ("rollback", "v1")),
    ("UpdateApp", ("apps:update", "--instances", "3")),
]
WITHOUT_APP = [
    ("CreateToken", ("tokens:create", "--name", "ci")),
    ("RotateToken", ("tokens:rotate", "ci")),
    ("RevokeToken", ("tokens:revoke", "ci")),
]


@pytest.fixture
def given(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch) -> Paas:
    """`paas` with an app and a profile named on its command line and nowhere else."""
    signed_in.apps[APP] = signed_in.apps.pop("web")
    signed_in.apps[APP].vars["A"] = signed_in.apps[APP].secrets["S"] = "0"
    login = paas(
        "login", "--gateway", signed_in.gateway.address, "--with-token", "--profile", PROFILE, stdin=TOKEN.encode()
    )
    assert login.exit_code == 0
    for name in ("PAAS_GATEWAY", "PAAS_TOKEN", "PAAS_APP"):
        monkeypatch.delenv(name)
    return paas


def hinted(said: str) -> list[str]:
    return re.findall(r"`(paas [^`]+)`", said)


def check(said: str, *, app: str | None) -> None:
    """Each hint repeats app and profile, and the command of its name takes all of it."""
    assert hinted(said), said
    for hint in hinted(said):
        assert f"--profile {PROFILE}" in hint, hint
        assert (f"-a {APP}" in hint) is (app is not None), hint
        name, *arguments = hint.split()[1:]
        command = program().get_command(None, name)  # type: ignore[arg-type]
        assert command is not None, hint
        if "--help" not in arguments:
            try:
                command.make_context(name, arguments)
            except click.MissingParameter:
                pass  # "config:unset" alone, or a release to be named
            except click.UsageError as error:
                pytest.fail(f"{hint}: {error}")


@pytest.mark.parametrize(("arguments", "words"), WITH_APP)
def test_the_app_and_the_profile_are_repeated(given: Paas, *, arguments: tuple[str, ...], words: str) -> None:
    result = given(*arguments, "-a", APP, "--profile", PROFILE)
    said = result.out + result.err.partition(" See `")[0]
    assert words in said
    check(said, app=APP)


@pytest.mark.parametrize(("method", "arguments"), UNKNOWN)
def test_where_to_look_after_an_answer_that_never_came(
    given: Paas, signed_in: Platform, *, method: str, arguments: tuple[str, ...]
) -> None:
    signed_in.gateway.fail(method, Drop())
    check(given(*arguments, "-a", APP, "--profile", PROFILE).err, app=APP)


@pytest.mark.parametrize(("method", "arguments"), WITHOUT_APP)
def test_tokens_are_of_no_app(given: Paas, signed_in: Platform, *, method: str, arguments: tuple[str, ...]) -> None:
    signed_in.gateway.fail(method, Drop())
    check(given(*arguments, "--profile", PROFILE).err, app=None)
    check(given("tokens:revoke", "paas_pat_x", "--profile", PROFILE).err, app=None)
    check(given("tokens:list", "--profile", PROFILE).err, app=None)


def test_apps_named_in_their_place(given: Paas, signed_in: Platform) -> None:
    for method, name in (("CreateApp", "new"), ("DestroyApp", APP)):
        signed_in.gateway.fail(method, Drop(), times=3)
        more = ("--confirm", APP) if method == "DestroyApp" else ()
        command = "apps:create" if method == "CreateApp" else "apps:destroy"
        hint = hinted(given(command, name, *more, "--profile", PROFILE).err)[0]
        assert hint == ("paas apps:info -a new --profile staging" if more == () else "paas apps:list --profile staging")
    assert "add `--confirm shop`" in given("apps:destroy", APP, "--profile", PROFILE).err
    signed_in.apps.clear()
    check(given("apps:list", "--profile", PROFILE).err, app=None)


def test_a_release_that_is_watched_no_more(given: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("WatchRelease", Fault(14, "no healthy upstream"))
    check(given("config:set", "A=1", "-a", APP, "--profile", PROFILE).err, app=APP)


def test_a_release_that_failed(given: Paas, signed_in: Platform) -> None:
    def fails(release: releaser_pb2.Release) -> object:
        release.state = releaser_pb2.STATE_FAILED
        yield release

    signed_in.end = fails  # type: ignore[method-assign,assignment]
    check(given("config:set", "A=1", "-a", APP, "--profile", PROFILE).err, app=APP)


def test_signing_in_again_is_with_the_same_profile(given: Paas, signed_in: Platform) -> None:
    fault = Fault(7, "", reason="PERMISSION_DENIED")
    signed_in.gateway.fail("ListVars", fault)
    check(given("config", "-a", APP, "--profile", PROFILE).err, app=None)
    signed_in.gateway.tokens.clear()
    check(given("config", "-a", APP, "--profile", PROFILE).err, app=None)
    given("logout", "--profile", PROFILE)
    check(given("config", "-a", APP, "--profile", PROFILE).err, app=None)


def test_the_options_of_a_change_are_repeated_in_another_command_for_it(given: Paas) -> None:
    for options in (("--stage",), ("--no-wait",), ("--dry-run",), ("--stage", "--dry-run")):
        warned = given("config:set", "API_KEY=1", *options, "-a", APP, "--profile", PROFILE).err
        assert f"`paas secrets:set API_KEY {' '.join(options)} -a shop --profile staging`" in warned


def test_an_app_that_was_chosen_elsewhere_is_named_too(paas: Paas, signed_in: Platform) -> None:
    """So that a hint does the same in another terminal."""
    assert signed_in.apps
    assert "`paas releases:create -a web`" in paas("config:set", "A=1", "--stage").out


def test_a_word_of_a_hint_stays_one_word_of_a_shell() -> None:
    assert hints.command("config", app="web", profile="p") == "`paas config -a web --profile p`"
    assert hints.command("config", app="it's", profile="a b") == "`paas config -a 'it'\"'\"'s' --profile 'a b'`"
    assert hints.command("config", app="\x1b[2J") == "`paas config -a '\\x1b[2J'`"
