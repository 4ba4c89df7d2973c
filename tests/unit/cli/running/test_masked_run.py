"""`paas run --mask`: real processes whose output is masked, with the exit codes and signals of the program.

Leaves out how a stream is masked (test_masks), and terminals (test_shell).
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.fixtures.waiting import soon
from tests.unit.cli.running import started

CANARY = "c4n4ry-value"
MASK = "•" * 16


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app with a secret and a config var."""
    signed_in.apps["web"].vars, signed_in.apps["web"].secrets = {"PLAIN": "plain-value"}, {"S": CANARY}
    return signed_in


def script(text: str) -> tuple[str, ...]:
    return ("run", "--mask", "--", "sh", "-c", text)


def test_both_streams_are_masked_and_config_vars_are_not(web: Platform) -> None:
    ended = started.paas(*script('echo "$S $PLAIN"; echo "err $S" >&2; printf c4n4; printf ry-value'))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{MASK} plain-value\n{MASK}", f"err {MASK}\n")


def test_in_one_place_their_order_is_kept(web: Platform) -> None:
    command = [sys.executable, "-m", "paas_cli", *script("for n in 1 2 3; do echo o$n; echo e$n$S >&2; done")]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    assert ended.stdout == "".join(f"o{n}\ne{n}{MASK}\n" for n in (1, 2, 3))


@pytest.mark.parametrize("code", [0, 7, 255])
def test_exit_codes(web: Platform, code: int) -> None:
    assert started.paas(*script(f"exit {code}")).returncode == code


def test_standard_input_is_the_programs(web: Platform) -> None:
    assert started.paas(*script("cat"), stdin=f"a {CANARY} b").stdout == f"a {MASK} b"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_signals_reach_all_of_it(web: Platform, number: signal.Signals) -> None:
    """The program ignores it and its own child tells of it: without a terminal all of its group is told."""
    text = (
        "import os, signal, sys, time\n"
        f"number = {int(number)}\n"
        "signal.signal(number, lambda *_: (os.write(1, b'told '), os._exit(0)))\n"
        "hears, told = os.pipe()\n"
        "if child := os.fork():\n"
        "    signal.signal(number, lambda *_: os.write(1, b'and me '))\n"
        "    os.read(hears, 1)\n"  # what comes while Python forks is lost to the new process
        "    os.write(1, b'ready\\n')\n"
        "    os.waitpid(child, 0)\n"
        "    signal.signal(number, signal.SIG_DFL)\n"
        "    os.kill(os.getpid(), number)\n"
        "os.write(told, b'.')\n"
        "while True: time.sleep(0.05)\n"
    )
    running = started.start("run", "--mask", "--", sys.executable, "-I", "-c", text)
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    os.kill(running.pid, number)
    out, _ = running.communicate()
    assert sorted(out.split()) == sorted(["told", "and", "me"])
    assert running.returncode == 128 + number


def test_a_reader_that_has_gone_ends_the_program(web: Platform) -> None:
    running = started.start(*script("while :; do echo more; done"))
    assert running.stdout is not None
    assert running.stdout.readline() == "more\n"
    running.stdout.close()
    assert running.wait() == 128 + signal.SIGPIPE


def test_who_holds_the_output_open_is_heard_and_can_be_left(web: Platform) -> None:
    ended = started.paas(*script('(sleep 0.3; echo "late $S") & exit 3'))
    assert (ended.returncode, ended.stdout) == (3, f"late {MASK}\n")
    running = started.start(*script("sleep 60 & echo $!; exit 3"))
    assert running.stdout is not None
    left = int(running.stdout.readline())
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    soon(lambda: not children.read_text().strip())  # the program has ended, and `paas` knows
    os.kill(running.pid, signal.SIGTERM)
    assert running.wait() == 128 + signal.SIGTERM
    os.kill(left, signal.SIGKILL)
