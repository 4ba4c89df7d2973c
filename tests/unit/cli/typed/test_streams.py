"""Standard streams that are closed, full, or a pipe whose reader has gone: what is said, and that a change stays one.

Every command with a stream that fails in this process; what a shell and an interpreter that ends add to it, in
processes of their own. Leaves out terminals.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from paas.releaser.v1 import releaser_pb2

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.conftest import Paas

Ended = tuple[int, str]  # exit code and standard error
Broken = Callable[..., Ended]

PAAS = [sys.executable, "-m", "paas_cli"]
REASONS = {"closed": "it is closed", "full": "no space left on device"}
READS = [
    *((name,) for name in ("config", "config:export", "secrets", "apps:list", "apps:info", "releases", "tokens:list")),
    *((name,) for name in ("audit", "whoami", "version", "--version", "--help")),
    ("config", "--json"),
    ("config:export", "-o", "-"),
    ("config:set", "--help"),
    ("config:set", "A=9", "--dry-run"),
    ("secrets:get", "S"),
    ("releases:info", "v1"),
    ("rollback", "v1", "--dry-run"),
]
CHANGES = [
    ("config:set", "A=2"),
    ("config:set", "A=2", "--stage"),
    ("config:set", "A=2", "--no-wait"),
    ("config:set", "A=2", "--json"),
    ("config:set", "A=1"),  # which changes nothing
    ("config:unset", "A"),
    ("secrets:set", "S=2"),
    ("secrets:rotate", "S"),
    ("secrets:unset", "S"),
    ("releases:create",),
    ("rollback", "v1"),
    ("apps:create", "shop"),
    ("apps:update", "--instances", "3"),
    ("apps:destroy", "--confirm", "web"),
    ("tokens:revoke", "ci"),
]


@pytest.fixture(autouse=True)
def arranged(signed_in: Platform, paas: Paas) -> Platform:
    """Something in every listing."""
    paas("tokens:create", "--name", "ci")
    web = signed_in.apps["web"]
    web.vars, web.secrets = {"A": "1"}, {"S": "1"}
    signed_in.release("web", "Set A")
    signed_in.record("config.set", "web", "A")
    return signed_in


@pytest.fixture
def broken(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> Broken:
    """`broken("full", "config")` runs a command whose standard output is full, closed, or a pipe nobody reads."""

    def opened(output: str) -> int:
        if output == "unread":
            reader, writer = os.pipe()
            os.close(reader)
            return writer
        # Writing to what was opened for reading fails as writing to what is closed does.
        return os.open(os.devnull, os.O_RDONLY) if output == "closed" else os.open("/dev/full", os.O_WRONLY)

    def run(output: str, *arguments: str) -> Ended:
        with os.fdopen(opened(output), "w", encoding="utf-8") as stream, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            result = paas(*arguments)
        return result.exit_code, without_progress(result.err)

    return run


def without_progress(err: str) -> str:
    """What a command said on standard error, but for the states that its release went through."""
    return re.sub(r"(?m)^v[0-9]+ (queued|running.*)\n", "", err)


def shell(arguments: tuple[str, ...], redirections: str) -> subprocess.CompletedProcess[str]:
    """`paas ARGUMENTS` as a shell starts it."""
    command = ["sh", "-c", f'exec "$@" {redirections}', "sh", *PAAS, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def head(*arguments: str, then: Callable[[], None] = lambda: None) -> subprocess.CompletedProcess[str]:
    """`paas ARGUMENTS | head -1`, whose reader goes after one line; `then` is done once it has gone."""
    with subprocess.Popen([*PAAS, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        out = process.stdout.readline()
        process.stdout.close()
        then()
        assert process.stderr is not None
        err = process.stderr.read()
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.mark.parametrize("arguments", READS, ids=" ".join)
def test_an_output_that_is_all_there_was_is_missed(broken: Broken, arguments: tuple[str, ...]) -> None:
    for output, reason in REASONS.items():
        said = f"error: The output could not be written to standard output ({reason}).\n"
        assert broken(output, *arguments) == (1, said)
    assert broken("unread", *arguments) == (141, "")  # the reader wants no more, and knows it


@pytest.mark.parametrize("output", REASONS)
@pytest.mark.parametrize("arguments", CHANGES, ids=" ".join)
def test_a_change_that_was_made_did_not_fail(broken: Broken, *, arguments: tuple[str, ...], output: str) -> None:
    report = f"only the report of it could not be written to standard output ({REASONS[output]})"
    assert broken(output, *arguments) == (0, f"note: What was asked for was done; {report}.\n")


@pytest.mark.parametrize("arguments", CHANGES, ids=" ".join)
def test_a_reader_that_has_gone_is_141_and_told_of_a_change(broken: Broken, arguments: tuple[str, ...]) -> None:
    exit_code, err = broken("unread", *arguments)
    assert exit_code == 141
    assert err.startswith(("Stopped watching; release v", "note: What was asked for was done; "))
    assert err.count("\n") == 1


def test_its_release_is_watched_to_the_end_all_the_same(broken: Broken, arranged: Platform) -> None:
    assert broken("full", "config:set", "A=2")[0] == 0
    assert arranged.apps["web"].releases[2].state == releaser_pb2.STATE_SUCCEEDED

    def fails(release: releaser_pb2.Release) -> object:
        release.state, release.reverted_to = releaser_pb2.STATE_FAILED, 2
        yield release

    arranged.end = fails  # type: ignore[method-assign,assignment]
    for options in ((), ("--json",)):
        exit_code, err = broken("full", "config:set", f"A=bad{len(options)}", *options)
        assert exit_code == 6
        assert "and was reverted" in err
        assert "What was asked for was done" not in err


@pytest.mark.parametrize("output", [*REASONS, "unread"])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_token_that_could_not_be_shown_is_lost_and_said_to_be(
    broken: Broken, *, options: tuple[str, ...], output: str
) -> None:
    exit_code, err = broken(output, "tokens:create", "--name", "new", *options)
    reason = REASONS.get(output, "its reader has gone")
    assert exit_code == (141 if output == "unread" else 1)
    assert err.removeprefix("error: ") == (
        f"The token was made, but it could not be written to standard output ({reason}), and it is shown "
        "only once: revoke it with `paas tokens:revoke new` and make another.\n"
    )


def test_signing_in_and_out_is_done_when_it_is_stored(arranged: Platform, home: Path) -> None:
    login = f"{shlex.join(PAAS)} login --gateway {arranged.gateway.address} --with-token"
    for command in (f"echo {TOKEN} | {login} >&-", f"{shlex.join(PAAS)} logout >/dev/full"):
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert "What was asked for was done" in done.stderr
    stored = tomllib.loads((home / ".config" / "paas" / "config.toml").read_text())
    assert "token" not in stored["profiles"]["default"]


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_a_shell_that_closes_or_fills_it(redirection: str) -> None:
    """The interpreter, which writes what is left as it ends, has nothing to add."""
    for arguments in (("config",), ("--help",)):
        done = shell(arguments, redirection)
        assert done.returncode == 1
        assert done.stderr.startswith("error: The output could not be written to standard output (")
        assert done.stderr.count("\n") == 1


def test_a_pipe_that_nobody_reads() -> None:
    # To be opened for writing a pipe needs a reader, which has gone before `paas` begins; `| true` might go too late.
    unread = 'mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; "$@" >&4; exit'
    for arguments in (("config",), ("--help",), ("nope",)):
        Path("pipe").unlink(missing_ok=True)
        done = subprocess.run(
            ["bash", "-c", unread, "bash", *PAAS, *arguments],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == (2 if arguments == ("nope",) else 141)
        assert "Traceback" not in done.stderr


def test_a_reader_that_goes_in_the_middle(arranged: Platform) -> None:
    arranged.apps["web"].vars = {f"V{number}": "x" * 1000 for number in range(300)}  # more than a pipe holds
    done = head("config")
    assert (done.returncode, done.stderr) == (141, "")
    assert done.stdout.startswith("V0=x")


def test_a_reader_that_goes_while_a_release_is_watched(arranged: Platform) -> None:
    def pauses(release: releaser_pb2.Release) -> object:
        for state in (releaser_pb2.STATE_RUNNING, releaser_pb2.STATE_SUCCEEDED):
            arranged.more_events.wait(PATIENCE)
            release.state = state
            yield release

    arranged.end = pauses  # type: ignore[method-assign,assignment]
    done = head("config:set", "A=2", then=arranged.more_events.set)
    assert done.returncode == 141
    lost = "only the report of it could not be written to standard output (its reader has gone)"
    assert without_progress(done.stderr) == f"note: What was asked for was done; {lost}.\n"
    assert arranged.apps["web"].releases[2].state == releaser_pb2.STATE_SUCCEEDED
    assert arranged.apps["web"].vars == {"A": "2"}


def test_a_reader_that_goes_while_events_are_followed(arranged: Platform) -> None:
    def more(_: float) -> bool:
        arranged.record("config.set", "web", "A")
        return True

    arranged.more_events.wait = more  # type: ignore[method-assign,assignment]
    done = head("audit", "--follow")
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [("config",), ("config:set", "A=2"), ("nope",), ("config", "-a", "nope")])
def test_nobody_to_tell_anything_changes_no_exit_code(arranged: Platform, arguments: tuple[str, ...]) -> None:
    """Errors and notes that can't be written are passed over."""
    code = {("config",): 0, ("config:set", "A=2"): 0, ("nope",): 2}.get(arguments, 1)
    for redirections in ("2>&-", "2>/dev/full"):
        done = shell(arguments, redirections)
        assert done.returncode == code
        assert done.stderr == ""
    everything_closed = shell(arguments, "<&- >&- 2>&-")
    assert everything_closed.returncode == (1 if arguments == ("config",) else code)


@pytest.mark.parametrize(
    "arguments",
    [
        ("secrets:set", "X=-"),
        ("secrets:rotate", "S", "--value-file", "-"),
        ("config:import", "-"),
        ("login", "--with-token"),
    ],
)
def test_a_closed_input_is_no_fault_and_no_value(arranged: Platform, arguments: tuple[str, ...]) -> None:
    done = shell(arguments, "<&-")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: Standard input can't be read (it is closed); nothing was changed.\n"
    assert len(arranged.gateway.seen) == 1  # the token that was made before


@pytest.mark.parametrize("arguments", [("secrets:set", "X"), ("apps:destroy",)])
def test_a_closed_input_is_no_terminal(arranged: Platform, arguments: tuple[str, ...]) -> None:
    done = shell(arguments, "<&-")
    assert done.returncode == 2
    assert "fault of its own" not in done.stderr
    assert len(arranged.gateway.seen) == 1  # the token that was made before


def test_a_closed_descriptors_number_goes_to_no_socket(arranged: Platform) -> None:
    """What is written to standard error by mistake must not go to the gateway."""
    assert arranged.apps
    code = (
        "import os, sys; from paas_transport import http1; before = http1.connect\n"
        "def connect(*at): made = before(*at); open('number', 'w').write(str(made.fileno())); return made\n"
        "http1.connect = connect; from paas_cli.__main__ import main; sys.exit(main(['config']))"
    )
    done = subprocess.run(["sh", "-c", '"$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code], timeout=60, check=False)
    assert done.returncode == 1
    assert int(Path("number").read_text()) > 2


def test_a_document_is_whole_where_it_is_written(arranged: Platform) -> None:
    done = shell(("config:set", "A=2", "--json"), "2>&-")
    assert json.loads(done.stdout)["release"]["state"] == "succeeded"
