"""What a shell is told: commands, options, and names, as they are kept or as the gateway tells them; never a value.

What shells make of it is test_shells'. Names are asked for in this process, but for the test of the process that does.
"""

import json
import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from paas_cli.catalogue import ENTRIES
from paas_cli.choice import Flags
from paas_cli.completion import answering, fetching, kept_names, question, table, words
from paas_cli.completion.answering import WantsFiles
from paas_cli.completion.kept_names import DENIED, FRESH, Kept
from paas_cli.errors import Failure
from tests.fakes.gateway import TOKEN, Fault
from tests.fakes.platform import Platform
from tests.unit.cli.completion.shells import PROGRAM
from tests.unit.cli.conftest import Paas


@pytest.fixture
def full(signed_in: Platform) -> Platform:
    """Signed in, with something of each kind."""
    web = signed_in.apps["web"]
    web.vars, web.managed = {"LOG_LEVEL": "v4lue"}, {"DATABASE_URL": "postgres://..."}
    web.secrets = {"STRIPE_KEY": "s3cret"}
    web.config.stage("NEW_FLAG", "v4lue")
    signed_in.release("web", "Set LOG_LEVEL")
    return signed_in


def offered(*typed: str) -> list[str]:
    return [each.word for each in answering.candidates(typed, os.environ, str(Path.cwd()))]


def fetched(kind: str, *options: str) -> None:
    fetching.main([kind, *options], os.environ, str(Path.cwd()))


def files(home: Path) -> list[Path]:
    folder = home / ".cache" / "paas" / "names"
    return sorted(folder.iterdir()) if folder.exists() else []


def names_in(file: Path) -> str:
    """What a file has, or nothing where it was one that is written beside another and has taken its place since."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def test_commands_are_offered_and_what_they_do() -> None:
    assert offered("config:") == [name for name in ENTRIES if name.startswith("config:")]
    assert offered("") == [*ENTRIES, "--help", "--version"]
    found = {each.word: each.help for each in answering.candidates(["config:set"], {}, "/")}
    assert found == {"config:set": "Set config vars and release them"}


def test_options_are_offered_and_values_that_are_few() -> None:
    assert offered("config:export", "--f") == ["--format"]
    assert offered("config:export", "--format", "") == ["dotenv", "json", "shell", "docker"]
    assert offered("config:export", "--format=j") == ["--format=json"]
    assert offered("config:export", "--", "--f") == []
    assert offered("secrets:list", "--pro") == ["--profile"]
    with pytest.raises(WantsFiles):
        offered("config:import", "")
    with pytest.raises(WantsFiles):
        offered("config:export", "-o", "x")


def test_names_are_offered_and_no_value(full: Platform, paas: Paas) -> None:
    full.apps["worker"] = replace(full.apps["web"])
    paas("tokens:create", "--name", "github ci")
    paas("tokens:create", "--name", "ci")
    full.add_group("shared")
    for kind in sorted(question.OF_AN_APP | {"apps", "apps-and-groups", "groups", "tokens", "trusts"}):
        fetched(kind)
    assert offered("config", "-a", "w") == ["web", "worker"]
    assert offered("config", "-a", "") == ["web", "worker", "shared"]
    assert offered("config:copy", "--to", "s") == ["shared"]
    assert offered("logs", "-a", "") == offered("groups:attach", "shared", "-a", "") == ["web", "worker"]
    assert offered("groups:attach", "") == offered("groups:info", "") == ["shared"]
    assert offered("groups:create", "") == []
    assert offered("config:unset", "") == ["LOG_LEVEL"]  # what an add-on manages is not for people to unset
    assert offered("config:set", "L") == ["LOG_LEVEL="]
    assert offered("config:set", "LOG_LEVEL=") == ["LOG_LEVEL="]
    assert offered("secrets:get", "") == ["STRIPE_KEY"]
    assert offered("secrets:get", "STRIPE_KEY", "") == []
    assert offered("staged:discard", "") == ["NEW_FLAG"]
    assert offered("rollback", "v") == ["v1"]
    assert offered("tokens:revoke", "") == ["ci"]  # a name with a space is not for a shell to cut
    assert offered("apps:create", "") == []
    assert offered("apps:destroy", "web", "--confirm", "") == []


def test_profiles_and_environments_are_offered(paas: Paas, platform: Platform, home: Path) -> None:
    login = ("login", "--profile", "work", "--gateway", platform.gateway.address, "--with-token")
    assert paas(*login, stdin=TOKEN.encode()).exit_code == 0
    Path(".paas.toml").write_text('[env.staging]\napp = "web"\n[env.production]\n', encoding="utf-8")
    assert offered("config", "--profile", "") == ["work"]
    assert offered("auth:switch", "w") == ["work"]
    assert offered("config", "--env", "s") == ["staging"]


def test_an_app_that_is_typed_is_the_one_whose_names_are_offered(full: Platform) -> None:
    full.apps["worker"] = replace(full.apps["web"], vars={"QUEUE": "x"})
    fetched("vars", "-a", "worker")
    for typed in (("-a", "worker"), ("--app=worker",), ("-aworker",)):
        assert offered("config:unset", *typed, "") == ["QUEUE"]


def test_what_is_kept_is_this_users_and_this_sign_ins_alone(
    full: Platform, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched("vars")
    (file,) = files(home)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    text = file.read_text(encoding="utf-8")
    assert "LOG_LEVEL" in text
    for hidden in ("v4lue", TOKEN, "web"):
        assert hidden not in text
        assert hidden not in file.name
    mine = question.ask("vars", Flags(), os.environ, "/").file
    monkeypatch.setenv("PAAS_TOKEN", "paas_pat_other")
    theirs = question.ask("vars", Flags(), os.environ, "/").file
    assert mine == str(file) != theirs
    file.chmod(0o644)  # others could have written it
    assert kept_names.read(str(file)) == Kept()


def test_signing_out_or_in_drops_what_was_kept(paas: Paas, platform: Platform, home: Path) -> None:
    login = ("login", "--gateway", platform.gateway.address, "--with-token")
    paas(*login, stdin=TOKEN.encode())
    for command in (("logout",), login):
        paas(*login, stdin=TOKEN.encode())
        fetched("apps")
        assert len(files(home)) == 1
        paas(*command, stdin=TOKEN.encode())
        assert files(home) == []


def test_who_signs_out_while_names_are_asked_for_finds_none(paas: Paas, platform: Platform, home: Path) -> None:
    paas("login", "--gateway", platform.gateway.address, "--with-token", stdin=TOKEN.encode())
    path = "/paas.config.v1.ConfigService/ListApps"
    request, answer = platform.gateway.routes[path]
    config = home / ".config" / "paas" / "config.toml"

    def signed_out_meanwhile(message: object) -> object:
        config.unlink()
        kept_names.forget(os.environ)
        return answer(message)

    platform.gateway.route(path, request, signed_out_meanwhile)  # type: ignore[arg-type]
    with pytest.raises(Failure):
        fetched("apps")
    assert files(home) == []


def test_names_are_shown_for_a_day_and_asked_for_after_a_minute() -> None:
    kept = Kept(("A",), came_at=1_000_000, ask_at=1_000_000 + FRESH)
    assert (kept.usable(1_000_059), kept.is_due(1_000_059)) == (("A",), False)
    assert (kept.usable(1_000_060), kept.is_due(1_000_060)) == (("A",), True)
    assert kept.usable(1_000_000 + 24 * 3600) == ()
    assert (kept.usable(999_000), kept.is_due(900_000)) == ((), True)  # a clock that went back


def test_what_is_refused_is_not_asked_for_at_each_tab(full: Platform) -> None:
    full.gateway.fail("ListSecrets", Fault(7, "No.", reason="PERMISSION_DENIED"))
    fetched("secrets")
    fetched("secrets")
    assert len(full.gateway.calls("ListSecrets")) == 1
    kept = kept_names.read(question.ask("secrets", Flags(), os.environ, "/").file)
    assert kept.names == ()
    assert kept.ask_at >= time.time() + DENIED / 2


def test_what_fails_leaves_the_names_there_were(full: Platform) -> None:
    fetched("vars")
    file = question.ask("vars", Flags(), os.environ, "/").file
    old = replace(kept_names.read(file), ask_at=0)
    kept_names.write(file, old)
    full.gateway.fail("ListVars", Fault(13, "broken"))
    fetched("vars")
    now = kept_names.read(file)
    assert (now.names, now.came_at) == (old.names, old.came_at)
    assert now.ask_at > 0


@pytest.mark.parametrize("content", [b"", b"\xff", b"names 1 at x y\nA\n", b"names 2 at 1 2\nA\n", b"A\nB\n"])
def test_what_can_t_be_read_is_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "kept"
    file.write_bytes(content)
    file.chmod(0o600)
    assert kept_names.read(str(file)) == Kept()


def test_a_name_that_drives_a_terminal_is_not_offered(full: Platform) -> None:
    full.apps["web"].vars = {"GOOD": "1", "BAD\x1b[2J": "1", "TWO\nLINES": "1"}
    fetched("vars")
    assert offered("config:unset", "") == ["GOOD"]


@pytest.mark.parametrize(
    ("line", "split"),
    [
        ("paas ", ["paas", ""]),
        ("paas config:set A", ["paas", "config:set", "A"]),
        ("paas  'a b' c\\ d", ["paas", "a b", "c d"]),
        ('paas "a\\"b', ["paas", 'a"b']),
        ('paas "a\\n', ["paas", "a\\n"]),
        ("paas 'a\\", ["paas", "a\\"]),
        ("paas ''", ["paas", ""]),
    ],
)
def test_a_line_is_split_as_bash_does(line: str, split: list[str]) -> None:
    assert words.split(line) == split


def test_bash_keeps_what_is_before_a_break() -> None:
    assert words.broken_off("config:set", ' \t\n"><=;|&(:') == "config:"
    assert words.broken_off("--app=w", ' \t\n"><=;|&(:') == "--app="
    assert words.broken_off("config:set", " \t\n") == ""


def test_every_command_is_in_the_table() -> None:
    for name in ENTRIES:
        assert table.signature(name).option("--json") is not None, name


def completed(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([PROGRAM, "__complete", *arguments], capture_output=True, text=True, check=False)


def test_the_program_answers_and_says_nothing_else(home: Path) -> None:
    assert home.exists()
    done = completed("bash", "paas config:uns", "=:")
    assert (done.returncode, done.stdout, done.stderr) == (0, "unset \n", "")
    assert completed("zsh", "config:uns").stdout == "config:unset\tUnset config vars and release the change\n"
    assert completed("fish", "config:import", "").returncode == answering.FILES
    for arguments in ((), ("bash",), ("zsh", "config:unset", ""), ("zsh", "config", "--env", "x", "-a", "")):
        done = completed(*arguments)
        assert done.stderr == ""
        assert "rror" not in done.stdout


def test_asking_runs_nothing_that_lies_in_the_folder(full: Platform, home: Path) -> None:
    assert full.apps
    for name in ("paas_cli", "socket", "typing", "sitecustomize"):
        Path(f"{name}.py").write_text("import pathlib; pathlib.Path('ran').touch()\n", encoding="utf-8")
    while not any("LOG_LEVEL" in names_in(file) for file in files(home)):
        completed("zsh", "config:unset", "")
    assert not Path("ran").exists()


def test_it_imports_neither_click_nor_what_calls_a_gateway(full: Platform, home: Path) -> None:
    """The guard of what a press of Tab costs: it answers from what is kept, then says what it has loaded."""
    assert full.apps
    fetched("vars")
    code = (
        "import sys; from paas_cli.entry import main; sys.argv = ['paas', '__complete', 'zsh', 'config:unset', '']; "
        "code = main(); print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'click', 'google', 'rich', 'json', 'pathlib', 'asyncio', 'subprocess', 'socket', 'ssl'})); sys.exit(code)"
    )
    done = subprocess.run([PROGRAM.parent / "python", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("LOG_LEVEL\t\n[]\n", 0), done.stderr


@pytest.mark.parametrize(
    "name", ["$(id)", "`id`", "a;id", "a|id", "a&id", "a>x", "it's", 'a"b', "a\\b", "*", "~root", "!1"]
)
def test_a_name_that_a_shell_would_obey_is_never_put_in(name: str) -> None:
    """A project's file may come from anybody."""
    text = f"[env.{json.dumps(name)}]\napp = 'web'\n[env.good]\napp = 'web'\n"
    Path(".paas.toml").write_text(text, encoding="utf-8")
    assert offered("config", "--env", "") == ["good"]
