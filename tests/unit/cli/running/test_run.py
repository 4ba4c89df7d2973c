"""`paas run`: which variables a program gets, who may, how it is found, and that it is the process itself.

Each test that comes as far as a program is a real process. Leaves out masking (test_masks, test_masked_run), terminals
and `paas shell` (test_shell), and what secrets answers (tests/integration/secrets/test_environment.py).
"""

import os
import signal
from pathlib import Path

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.running import started

# Of no other run of these tests: one looks through the command lines of all that runs on this machine.
CANARY = f"c4n4ry-{os.urandom(8).hex()}"
DENIED = Fault(
    7,
    "This needs the permission secrets.reveal.",
    reason="PERMISSION_DENIED",
    metadata={"permission": "secrets.reveal"},
)


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """The app has variables of every kind."""
    app = signed_in.apps["web"]
    app.vars = {"A": "1", "LINES": "one\ntwo\n", "WORD": "é \x1b[31m", "EMPTY": ""}
    app.secrets = {"S": CANARY, "QUOTED": 'it\'s "$x" `y`'}
    app.managed, app.managed_values = {"DATABASE_URL": "postgres://..."}, {"DATABASE_URL": f"postgres://{CANARY}@db"}
    return signed_in


def test_a_program_gets_all_of_it_exactly(web: Platform) -> None:
    got = started.given()
    wanted = {**web.apps["web"].vars, **web.apps["web"].secrets, **web.apps["web"].managed_values}
    assert {name: got.get(name) for name in wanted} == {name: repr(value) for name, value in wanted.items()}
    assert [(event.action, list(event.targets)) for event in web.events] == [
        ("secrets.run", ["DATABASE_URL", "QUOTED", "S"])
    ]


def test_the_largest_values_there_can_be_arrive(web: Platform) -> None:
    web.apps["web"].secrets = {f"BIG_{number}": "x" * 64 * 1024 for number in range(7)}
    got = started.given("--only", "BIG_6", "--only", "BIG_0")
    assert len(got["BIG_6"]) == 64 * 1024 + 2
    assert {f"BIG_{number}" for number in range(7)} <= started.given().keys()


def test_the_app_wins_over_the_shell_and_its_token_stays_behind(web: Platform) -> None:
    mine = {"A": "mine", "S": "mine", "OWN": "kept", "PAAS_PROFILE": ""}
    got = started.given(environ=mine)
    assert (got["A"], got["S"], got["OWN"]) == ("'1'", f"'{CANARY}'", "'kept'")
    assert got.keys() >= {"PATH", "HOME", "PAAS_APP"}
    assert "PAAS_TOKEN" not in got
    got = started.given("--preserve-env", "A", "--preserve-env", "PAAS_TOKEN", "--preserve-env", "QUOTED", environ=mine)
    assert (got["A"], got["S"]) == ("'mine'", f"'{CANARY}'")
    assert got["PAAS_TOKEN"] == repr(os.environ["PAAS_TOKEN"])
    assert "QUOTED" in got, "what the shell has not, the app gives"


def test_a_locale_without_utf_8_changes_no_value(web: Platform) -> None:
    ended = started.paas("run", "--", "printenv", "WORD", environ={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"})
    assert ended.stdout == "é \x1b[31m\n"


def test_config_only_asks_for_no_secret(web: Platform) -> None:
    web.gateway.fail("RevealEnvironment", DENIED)
    got = started.given("--config-only")
    assert got["A"] == "'1'"
    assert not {"S", "DATABASE_URL"} & got.keys()
    assert web.events == []


def test_who_may_not_reveal_is_told_of_config_only(paas: Paas, web: Platform) -> None:
    web.gateway.fail("RevealEnvironment", DENIED)
    result = paas("run", "--", "true")
    assert result.exit_code == 4
    assert "secrets.reveal" in result.err
    assert "`paas run --config-only -a web` runs with config vars alone" in result.err
    web.gateway.fail("ListVars", Fault(7, "It needs config.read.", reason="PERMISSION_DENIED"))
    result = paas("run", "--config-only", "--", "true")
    assert (result.exit_code, "--config-only" in result.err) == (4, False)
    assert len(web.gateway.calls("RevealEnvironment")) == 1, "without config.read nothing is revealed"


def test_some_alone(paas: Paas, web: Platform) -> None:
    got = started.given("--only", "S", "--only", "A")
    assert (got["A"], got["S"]) == ("'1'", f"'{CANARY}'")
    assert not {"WORD", "QUOTED", "DATABASE_URL"} & got.keys()
    assert [list(event.targets) for event in web.events] == [["S"]]
    started.given("--only", "A")
    assert len(web.events) == 1, "config vars alone reveal nothing"
    assert paas("run", "--only", "NOPE", "--", "true").exit_code == 1
    result = paas("run", "--only", "S", "--config-only", "--", "true")
    assert (result.exit_code, "S: no such config var" in result.err) == (1, True)


def test_what_is_attached_or_detached_meanwhile(web: Platform) -> None:
    app = web.apps["web"]
    app.managed, app.managed_values = {"NEW_URL": "x://..."}, {"OLD_URL": CANARY}
    ended = started.paas("run", "--", "printenv", "OLD_URL")
    assert (ended.returncode, ended.stdout) == (1, ""), "config no longer lists it"
    assert "NEW_URL: an add-on is just attaching it" in ended.stderr
    app.vars["S"] = "before"
    assert started.paas("run", "--", "printenv", "S").stdout == f"{CANARY}\n", "a config var that was sealed since"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["no-such-program-anywhere"], 127, "There is no program no-such-program-anywhere in PATH."),
        (["./none/at/all"], 127, "There is no program ./none/at/all."),
        (["./plain"], 126, "./plain can't be run: it is not executable."),
        (["."], 127, "There is no program . in PATH."),
        (["./"], 126, "./ can't be run: it is a folder."),
    ],
)
def test_what_is_no_program_reveals_nothing(
    paas: Paas, web: Platform, arguments: list[str], code: int, words: str
) -> None:
    Path("plain").write_text("x", encoding="utf-8")
    result = paas("run", "--", *arguments)
    assert (result.exit_code, result.err) == (code, f"error: {words}\n")
    assert web.events == []


def test_what_the_system_refuses_to_run(web: Platform) -> None:
    script = Path("script")
    for content, words in ((b"\x00\x01", "it is no program"), (b"#!/none/such\n", "what its `#!` line names")):
        script.write_bytes(content)
        script.chmod(0o755)
        ended = started.paas("run", "--", "./script")
        assert (ended.returncode, words in ended.stderr) == (126, True), ended.stderr
    assert CANARY not in ended.stderr
    ended = started.paas("run", "--mask", "--", "./script")
    assert (ended.returncode, "what its `#!` line names" in ended.stderr) == (126, True)
    assert len(web.events) == 3, "each had been revealed"


def test_what_follows_the_program_is_the_programs(web: Platform) -> None:
    for words in (["--"], []):
        ended = started.paas("run", "-a", "web", *words, "echo", "-a", "other", "--help", "--", "--json")
        assert (ended.returncode, ended.stdout) == (0, "-a other --help -- --json\n"), ended.stderr
    odd = os.fsdecode(b"\xff\xfe")
    assert started.paas("run", "--", "sh", "-c", 'test "$1" = "$(printf "\\377\\376")"', "sh", odd).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--json", "--", "true"], "there is no --json of it"),
        ([], "COMMAND [ARGUMENTS] is missing"),
        (["--"], "COMMAND [ARGUMENTS] is missing"),
        (["--nope", "true"], "There is no option --nope"),
        (["-a", "", "true"], "--app has an empty value"),
        (["--only", "", "true"], "--only has an empty value"),
    ],
)
def test_misuse(paas: Paas, web: Platform, arguments: list[str], words: str) -> None:
    result = paas("run", *arguments)
    assert result.exit_code == 2
    assert words in result.err
    assert web.events == []


@pytest.mark.parametrize("code", [0, 1, 5, 255])
def test_the_exit_code_is_the_programs(web: Platform, code: int) -> None:
    assert started.paas("run", "--", "sh", "-c", f"exit {code}").returncode == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE])
def test_signals_are_the_programs_own(web: Platform, number: signal.Signals) -> None:
    """It is the process that was started, so that who waits sees what ended it, and it ignores no more than usual."""
    assert started.paas("run", "--", "sh", "-c", f"kill -{number} $$").returncode == -number
    running = started.start("run", "--", "sh", "-c", "echo $$; exec sleep 60")
    assert running.stdout is not None
    assert int(running.stdout.readline()) == running.pid
    os.kill(running.pid, number)
    running.communicate()
    assert running.returncode == -number


def test_no_value_in_a_command_line_nor_in_a_file(web: Platform, home: Path) -> None:
    before = sorted(home.parent.rglob("*"))
    running = started.start("run", "--", "sh", "-c", "echo here; exec sleep 600")
    assert running.stdout is not None
    assert running.stdout.readline() == "here\n"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command_line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        assert CANARY.encode() not in command_line
    assert running.poll() is None, "it was among them"
    running.kill()
    running.communicate()
    assert sorted(home.parent.rglob("*")) == before
