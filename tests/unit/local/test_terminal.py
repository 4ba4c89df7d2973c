"""What a person at the terminal meets: ports, last words, logs, sign-in files, what the demo's program shows.

Leaves out the running stack, which `tests/e2e` uses throughout.
"""

import json
import os
import socket
import stat
import tomllib
from pathlib import Path

import pytest

from local import __main__ as terminal
from local import ports
from local.demo_app import shown_environment
from local.failures import LocalFailure
from local.last_words import last_words
from local.logs import show
from local.private_files import keep_private, write_private
from local.provisioner import example_database
from local.signin import write_project
from local.stack import BASE_PORT, Stack
from tests.unit.local.stand_ins import supervised


def test_a_taken_port_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    base_port = ports.free_base_port()
    address = ports.HOST, ports.port_of("tokens", base_port=base_port)
    with socket.create_server(address), pytest.raises(LocalFailure) as caught:
        ports.require_free(base_port)
    assert str(base_port + 3) in str(caught.value)
    assert "tokens" in str(caught.value)
    assert "make demo PORT=" in str(caught.value)
    ports.require_free(base_port)


def test_a_stack_that_runs_on_another_port_is_not_taken_for_this_one(tmp_path: Path) -> None:
    stack = Stack(tmp_path / ".paas", base_port=7300)
    stack.layout.run.mkdir(parents=True)
    (stack.layout.run / BASE_PORT).write_text("7400")
    with supervised(stack.layout.run):
        with pytest.raises(LocalFailure, match="runs already, its gateway on port 7400"):
            stack.start()
        assert not Stack(tmp_path / ".paas", base_port=7400).start()
    assert not stack.is_running()


def test_a_reserved_port_is_nobody_elses_and_can_be_listened_on() -> None:
    base_port = ports.free_base_port()
    assert ports.reserve(base_port) is None
    with pytest.raises(OSError, match="in use"), socket.socket() as other:
        other.bind((ports.HOST, base_port))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ports.HOST, base_port))
    ports.require_free(base_port)
    for _ in range(2):
        with socket.create_server((ports.HOST, base_port)), socket.create_connection((ports.HOST, base_port)):
            assert not ports.is_free(base_port)


@pytest.mark.parametrize("port", [-1, 70000])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(LocalFailure, match="not a port"):
        ports.require_free(port)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it left no word."),
        ("first\nlast\n\n", "last."),
        ('{"event": "serving"}\n{"event": "stopping", "level": "info"}\n', "stopping."),
        ('{"message": "can not listen"}', "can not listen."),
        ("Traceback (most recent call last):\n  File x\nValueError: no\n", "ValueError: no."),
        ("x" * 5000, "x" * 300 + "."),
    ],
)
def test_last_words_are_the_last_line_that_says_something(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "log").write_text(text)
    assert last_words(tmp_path / "log") == words


def test_a_log_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    stack = Stack(tmp_path / ".paas")
    stack.layout.logs.mkdir(parents=True)
    (stack.layout.log("config")).write_text("here\n")
    with pytest.raises(LocalFailure, match=r"no log cofnig; there are: config"):
        show(stack.layout, "cofnig", follow=False)


def test_all_logs_are_shown_with_their_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = Stack(tmp_path / ".paas")
    stack.layout.logs.mkdir(parents=True)
    stack.layout.log("audit").write_text("one\ntwo\n")
    stack.layout.log("config").write_text("three\n")
    show(stack.layout, None, follow=False)
    assert capsys.readouterr().out == "audit: one\naudit: two\nconfig: three\n"


def test_the_demo_program_shows_values_but_only_the_length_of_credentials() -> None:
    given = {"NODE_ENV": "production", "STRIPE_API_KEY": "sk_live_1", "DATABASE_URL": "postgres://x", "PATH": "/bin"}
    assert shown_environment(given) == {
        "DATABASE_URL": "(12 characters)",
        "NODE_ENV": "production",
        "STRIPE_API_KEY": "(9 characters)",
    }


def test_the_example_database_does_not_show_its_password() -> None:
    attachment = example_database("web", tenant="local")
    assert attachment.value not in repr(attachment)
    assert attachment.value != example_database("web", tenant="local").value


def test_a_project_file_of_the_persons_own_keeps_its_lines(tmp_path: Path) -> None:
    stack = Stack(tmp_path / ".paas")
    (tmp_path / ".paas.toml").write_text('app = "web"\nprofiles = "elsewhere"\n')
    write_project(stack, app="demo")
    assert tomllib.loads((tmp_path / ".paas.toml").read_text()) == {"profiles": ".paas/cli.toml", "app": "web"}
    before = (tmp_path / ".paas.toml").read_text()
    write_project(stack, app="demo")
    assert (tmp_path / ".paas.toml").read_text() == before


def test_a_new_project_file_chooses_the_app(tmp_path: Path) -> None:
    write_project(Stack(tmp_path / ".paas"), app="demo")
    assert tomllib.loads((tmp_path / ".paas.toml").read_text()) == {"profiles": ".paas/cli.toml", "app": "demo"}


def test_a_private_file_is_made_once_and_never_readable_by_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert keep_private(tmp_path / "key", lambda: b"one") == b"one"
        assert keep_private(tmp_path / "key", lambda: b"two") == b"one"
        write_private(tmp_path / "key", b"three")
    finally:
        os.umask(before)
    assert (tmp_path / "key").read_bytes() == b"three"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize(
    ("verb", "code", "said"),
    [
        (["status"], 1, "does not run"),
        (["down"], 0, "Nothing was running"),
        (["stop", "config"], 1, "start it with `make up`"),
        (["logs"], 1, "no logs yet"),
        (["provision", "web"], 1, "start it with `make up`"),
        (["signin"], 1, "start it with `make up`"),
    ],
)
def test_verbs_say_what_to_do_where_nothing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: list[str], code: int, said: str
) -> None:
    assert terminal.main(["--state", str(tmp_path / ".paas"), *verb]) == code
    output = capsys.readouterr()
    assert said in output.out + output.err
    assert len((output.out + output.err).strip().splitlines()) == 1


def test_json_of_a_part_goes_there_and_back(tmp_path: Path) -> None:
    from local.parts import Part

    part = Part(name="x", command=("a", "b c"), environment={"A": "1"}, log=tmp_path / "x.log", tier=2, grace=1.5)
    assert Part.from_json(json.loads(json.dumps(part.to_json()))) == part
