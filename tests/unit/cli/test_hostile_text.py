"""Text from elsewhere never drives a terminal: every command, with hostile text in every place that can hold some.

The real commands in this process, told that their streams are terminals; two on a pseudo-terminal are in
test_terminal.py. Leaves out the progress bar, which shows numbers and states alone.
"""

import io
import json
import re
import sys
from pathlib import Path

import pytest
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.tokens.v1 import tokens_pb2

from paas_cli import __main__ as program
from paas_cli.catalogue import ENTRIES, Danger
from paas_cli.files.toml_file import quoted
from paas_cli.terminal.output import Output
from paas_cli.terminal.text import OBEYED, visible, visible_json
from paaskit import limits
from tests.fakes.gateway import Fault
from tests.fakes.platform import App, Platform
from tests.fakes.platform.audit import proof_of
from tests.fixtures.written_log import a_key
from tests.unit.cli.conftest import Result

HOSTILE = "x\x1b]0;owned\x07\x1b[2J\r\t\x7f\x9b31m\x85\xad\u061c\u200b\u200d\u2028\u202e\u2060\u2066\ufeff\U000e0041y"
GROUP = f"{HOSTILE}g"
DRIVES = re.compile(f"(?!\n)[{OBEYED}]")


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: str, colour: bool = False) -> Result:
    """One command with both its streams on a terminal."""
    out, err = Screen(), Screen()
    monkeypatch.setenv("NO_COLOR", "" if colour else "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, stream in (("stdin", io.TextIOWrapper(io.BytesIO())), ("stdout", out), ("stderr", err)):
        monkeypatch.setattr(sys, name, stream)
    exit_code = program.main(arguments)
    return Result(exit_code, out.getvalue(), err.getvalue())


@pytest.fixture
def hostile(signed_in: Platform) -> Platform:
    """A platform in which everything that is text is hostile."""
    spec = config_pb2.AppSpec(command=[HOSTILE], image=HOSTILE, health_path=HOSTILE, instances=1)
    spec.schema = f"# {HOSTILE}\n# @type=enum('{HOSTILE}')\nA=\n"
    web = App(spec, vars={"A": HOSTILE, HOSTILE: HOSTILE}, secrets={"S": HOSTILE, HOSTILE: HOSTILE})
    web.managed, web.staged_spec = {"DATABASE_URL": HOSTILE}, spec
    for kind in (web.config, web.sealed):
        kind.stage("A", HOSTILE)
        kind.stage(HOSTILE, None)
    web.log = [HOSTILE]
    signed_in.apps = {"web": web, HOSTILE: App(spec)}
    for _ in range(2):
        release = signed_in.release("web", HOSTILE)
        release.actor = release.message = HOSTILE
        release.state = releaser_pb2.STATE_FAILED
        release.reverted_names.append(HOSTILE)
        release.changes.add(name=HOSTILE, actor=HOSTILE)
        release.changes.add(name=f"{HOSTILE}2", actor=HOSTILE)
        release.members.add(app=HOSTILE)
        release.groups.add(group=HOSTILE)
    group = signed_in.add_group(GROUP)
    group.vars, group.secrets = {"A": HOSTILE, f"{HOSTILE}3": HOSTILE}, {f"{HOSTILE}4": HOSTILE}
    web.spec.groups.append(GROUP)
    signed_in.tokens["t"] = tokens_pb2.Token(name=HOSTILE, token_id=HOSTILE, permissions=[HOSTILE], apps=[HOSTILE])
    signed_in.trusts["t"] = tokens_pb2.Trust(name=HOSTILE, trust_id=HOSTILE, issuer=HOSTILE, subject=HOSTILE)
    signed_in.record(HOSTILE, HOSTILE, HOSTILE)
    signed_in.events[0].actor = signed_in.events[0].on_behalf_of = HOSTILE
    signed_in.record("secrets.get", "web", HOSTILE)
    profiles = Path.home() / ".config" / "paas" / "config.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text(
        f'[profiles.{quoted(HOSTILE)}]\ngateway = "http://127.0.0.1:1"\ntoken = "x"\nsubject = {quoted(HOSTILE)}\n',
        encoding="utf-8",
    )
    profiles.chmod(0o600)
    return signed_in


READS = {
    "config:get": ("config:get", "A"),
    "config:diff": ("config:diff", HOSTILE),
    "schema:check": ("schema:check", "given.schema"),
    "schema:init": ("schema:init", "-"),
    "completion": ("completion", "bash"),
    "secrets:get": ("secrets:get", "S"),
    "groups:info": ("groups:info", GROUP),
    "releases:info": ("releases:info", "v1"),
    "releases:watch": ("releases:watch", "v1", "--json"),  # its bar moves the cursor
    "releases:diff": ("releases:diff", "v1"),
    "tokens:trust:test": ("tokens:trust:test", "t", "--token-file", "given.jwt"),  # hostile in a way of its own
    "incident": ("incident", "--since", "365d"),
    "audit:verify": ("audit:verify", "--json"),
    "audit:verify-proof": ("audit:verify-proof", "given.tlog-proof", "--key", a_key().text),
}
CHANGES = [
    ("config:set", "A=1", f"N={HOSTILE}", "--dry-run"),
    ("config:unset", HOSTILE, "--dry-run"),
    ("config:unset", HOSTILE),
    ("config:import", "given.env", "--dry-run"),
    ("config:get", HOSTILE),
    ("config:copy", "--from", "web", "--to", HOSTILE, "--dry-run"),
    ("config:copy", HOSTILE, "--from", "web", "--to", HOSTILE),
    ("promote", HOSTILE, "web"),
    ("secrets:seal", "A", "--dry-run"),
    ("secrets:seal", HOSTILE),
    ("config:export", "-o", f"{HOSTILE[:1]}{HOSTILE[-5:]}"),
    ("secrets:set", f"N={HOSTILE}", "--dry-run"),
    ("secrets:unset", HOSTILE, "--dry-run"),
    ("secrets:get", HOSTILE),
    ("releases:create", "--dry-run"),
    ("rollback", "v1", "--dry-run"),
    ("staged:discard", HOSTILE),
    ("groups:create", HOSTILE),
    ("groups:attach", GROUP, "-a", HOSTILE, "--dry-run"),
    ("groups:attach", HOSTILE),
    ("groups:detach", GROUP, "--no-wait"),
    ("groups:destroy", GROUP, "--confirm", GROUP),
    ("config:set", "A=1", "-a", GROUP, "--dry-run"),
    ("config:unset", "A", "-a", GROUP),
    ("secrets:get", f"{HOSTILE}4"),
    ("tokens:revoke", HOSTILE),
    ("apps:info", HOSTILE),
    ("apps:destroy", HOSTILE, "--confirm", "web"),
    (HOSTILE,),
    ("config", f"--{HOSTILE}"),
    ("config", "-a", HOSTILE),
    ("config", "--profile", HOSTILE),
    ("config", "--env", HOSTILE),
    ("auth:switch", HOSTILE),
    ("auth:rename", HOSTILE, "work"),
    ("logout", "--profile", HOSTILE, "--remove"),
]
EVERY_READ = [READS.get(name, (name,)) for name, entry in ENTRIES.items() if entry.danger is Danger.READ]


@pytest.mark.parametrize("arguments", [*EVERY_READ, *CHANGES], ids=lambda arguments: visible(" ".join(arguments))[:40])
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["", "json"])
def test_no_command_sends_it_to_a_terminal(
    hostile: Platform, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], more: tuple[str, ...]
) -> None:
    assert hostile.apps
    Path("given.env").write_text(f"A='{HOSTILE}'\n", encoding="utf-8")
    Path("given.schema").write_text(f"# @type=enum('{HOSTILE}2')\nA=\n", encoding="utf-8")
    Path("given.jwt").write_text("bad", encoding="utf-8")
    Path("given.tlog-proof").write_bytes(proof_of(hostile, hostile.events[0].event_id))
    result = on_terminal(monkeypatch, *arguments, *more)
    assert result.out or result.err
    for text in (result.out, result.err):
        assert DRIVES.search(text) is None, visible(text)
    # These show nothing that users wrote.
    shows_nothing = {"keys", "version", "whoami", "audit:verify", "audit:checkpoint", "tokens:trust:test", "open", "ps"}
    shows_nothing |= {"run", "shell", "help", "releases:watch", "completion"}  # the fake's state is nobody's text
    if arguments[0] not in shows_nothing and not more and arguments in EVERY_READ:
        shown = "\\u001b]0;owned" if arguments == ("audit:export",) else "\\x1b]0;owned"  # that one prints JSON alone
        assert shown in result.out, "or the test shows nothing"


@pytest.mark.parametrize("arguments", [("config",), ("secrets:get", "S"), ("apps:info",), ("config:set", "A=1")])
def test_no_error_does(hostile: Platform, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    for method in ("ListVars", "RevealSecret", "GetApp", "SetVars"):
        hostile.gateway.fail(method, Fault(9, HOSTILE, reason=HOSTILE, metadata={"permission": HOSTILE}))
    result = on_terminal(monkeypatch, *arguments, "--debug")
    assert result.exit_code == 1
    assert "owned" in result.err
    assert DRIVES.search(result.err) is None, visible(result.err)


def test_colours_are_ours_alone(hostile: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.apps["web"].vars = {"B": "\x1b[31mred\x1b[0m"}
    result = on_terminal(monkeypatch, "config", colour=True)
    assert "\x1b[36mB\x1b[0m=\\x1b[31mred\\x1b[0m\n" in result.out


def test_a_line_is_one_line_whatever_it_holds() -> None:
    screen = Screen()
    Output(screen, {}).line("a\nb\x1b[31m")
    assert screen.getvalue() == "a\\nb\\x1b[31m\n"


def test_a_value_is_exact_where_it_goes_elsewhere_and_a_terminal_is_told_so(
    hostile: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hostile.apps
    result = on_terminal(monkeypatch, "secrets:get", "S")
    assert result.out == visible(HOSTILE) + "\n"
    assert " ".join(result.err.split()) == (
        "note: S has control or invisible characters, shown as escapes; `paas secrets:get S --no-newline -a web` gives "
        "it as it is where its output goes to a file or a pipe."
    )
    hostile.apps["web"].secrets["S"] = "two\nlines"
    assert on_terminal(monkeypatch, "secrets:get", "S") == Result(0, "two\nlines\n", "")


@pytest.mark.parametrize(
    ("arguments", "wanted"), [(("secrets:get", "S", "--no-newline"), HOSTILE), (("config:export", "--json"), None)]
)
def test_elsewhere_it_is_exact(
    hostile: Platform, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], wanted: str | None
) -> None:
    hostile.apps["web"].vars, hostile.apps[GROUP].vars = {"A": HOSTILE}, {}
    piped = io.StringIO()
    monkeypatch.setattr(sys, "stdout", piped)
    assert program.main(arguments) == 0
    assert (piped.getvalue() if wanted else json.loads(piped.getvalue())) == (wanted or {"A": HOSTILE})


def test_json_on_a_terminal_means_the_same(hostile: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hostile.apps
    assert json.loads(on_terminal(monkeypatch, "secrets:get", "S", "--json").out)["value"] == HOSTILE
    assert json.loads(visible_json(json.dumps({"a": HOSTILE}, ensure_ascii=False))) == {"a": HOSTILE}


def test_the_services_refuse_in_names_what_is_not_shown_here() -> None:
    assert limits._OBEYED == OBEYED
