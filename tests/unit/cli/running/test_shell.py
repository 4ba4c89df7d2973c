"""`paas shell`, and `paas run` on a terminal: the terminal is the program's, with its signals and its job control.

Each is a real process on a pseudo-terminal. Leaves out which variables it gets (test_run).
"""

import shlex
import signal
import sys

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal

CANARY = "c4n4ry-value"
MASK = "•" * 16
PLAIN = {"NO_COLOR": "1", "SHELL": "/bin/sh", "PS1": "$ "}


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app with a secret."""
    signed_in.apps["web"].secrets = {"S": CANARY}
    return signed_in


def test_a_shell_has_the_variables_and_says_what_it_is(web: Platform) -> None:
    terminal = Terminal("shell", environ=PLAIN)
    terminal.until("note: shell for web (exit to leave)")
    terminal.type('echo "[$S]"; test -t 0 && test -t 1 && test -t 2 && echo on-a-"terminal"\n')
    terminal.until(f"[{CANARY}]")
    terminal.until("on-a-terminal")
    terminal.type("exit 5\n")
    assert terminal.end() == 5


def test_what_a_shell_would_run_is_left_out(web: Platform) -> None:
    web.apps["web"].vars = {"PROMPT_COMMAND": "echo owned", "ENV": "/dev/null", "PS1": "$(echo owned)", "FINE": "yes"}
    terminal = Terminal("shell", environ=PLAIN)
    terminal.until("left out, since a shell would run it: ENV, PROMPT_COMMAND, PS1")
    terminal.type('echo "[$FINE$PROMPT_COMMAND$ENV]"\n')
    terminal.until("[yes]")
    terminal.type("exit\n")
    assert terminal.end() == 0
    assert "owned" not in terminal.screen


def test_without_a_terminal_there_is_no_shell(paas: Paas, web: Platform) -> None:
    result = paas("shell")
    assert result.exit_code == 2
    assert "standard input is none; `paas run -a web -- sh SCRIPT` runs a script" in result.err
    assert paas("shell", "--json").exit_code == 2
    assert web.events == []


def test_the_keyboards_signals_are_the_programs(web: Platform) -> None:
    script = "trap 'echo got-it; exit 9' INT; echo ready; while :; do sleep 0.1; done"
    for mask in ((), ("--mask",)):
        terminal = Terminal("run", *mask, "--", "sh", "-c", script, controlling=True)
        terminal.until("ready")
        terminal.type("\x03")
        assert terminal.end() == 9
        assert terminal.screen.count("got-it") == 1


def test_masked_into_a_pipe_the_terminal_stays_the_programs(web: Platform) -> None:
    # What is typed once the line has come must find the trap set.
    script = 'trap "echo got-it >&2; exit 9" INT; read line < /dev/tty; echo "$line $S"; while :; do sleep 0.1; done'
    ours = f"{shlex.quote(sys.executable)} -m paas_cli run --mask -- sh -c '{script}'"
    # A shell that dies of the key ends the session, and so hangs up the terminal, before all is written.
    command = f"trap : INT; {ours} | (trap '' INT; cat)"
    terminal = Terminal("run", "--preserve-env", "PAAS_TOKEN", "--", "sh", "-c", command, controlling=True)
    terminal.type("typed\n")
    terminal.until(f"typed {MASK}")
    terminal.type("\x03")
    terminal.end()
    assert terminal.screen.count("got-it") == 1
    assert CANARY not in terminal.screen


def test_nothing_to_mask_is_said(web: Platform) -> None:
    terminal = Terminal("run", "--mask", "--", "sh", "-c", "echo $S; kill -TERM $$", environ=PLAIN)
    assert terminal.end() == -signal.SIGTERM
    assert "nothing is masked" in terminal.screen
    assert CANARY in terminal.screen
