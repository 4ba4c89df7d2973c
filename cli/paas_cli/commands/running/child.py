"""A program as a child, for the one thing that needs it: masking what it prints.

What this process is sent, the program gets. Where there is a terminal, both are one group of processes, so that the
program may use the terminal and the keyboard's signals reach it from the system; elsewhere it leads a group of its own,
and signals reach all of that. Its exit code is the program's, 128 + n where signal n ended it.
"""

import errno
import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from paas_cli.commands.running.masks import Masker
from paas_cli.commands.running.program import IGNORED_BY_PYTHON, Program, refused
from paas_cli.errors import Failure

FORWARDED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2})
_WAITED_FOR = FORWARDED | {signal.SIGCHLD}
_PIECE = 64 * 1024
_STDOUT, _STDERR = 1, 2


def masked_streams() -> list[int]:
    """Which of standard output and error would be masked: those that are no terminal."""
    return [number for number in (_STDOUT, _STDERR) if not os.isatty(number)]


def run(program: Program, *, masker: Callable[[], Masker]) -> int:
    """Run the program, what it prints masked; its exit code. Raises Failure where it can't be started."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, there would be no exit code
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
    try:
        return _Run(program, masker, before).wait()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Run:
    """One run. Signals are blocked as it is made, in every thread: they are waited for."""

    def __init__(self, program: Program, masker: Callable[[], Masker], mask: Sequence[int] | set[Any]) -> None:
        self._ended: list[OSError | None] = []
        self._is_leader = not _has_terminal()
        pipes = _pipes()
        more: dict[str, Any] = {"setpgroup": 0} if self._is_leader else {}
        try:
            self._pid = os.posix_spawn(
                program.path,
                list(program.arguments),
                dict(program.environment),
                file_actions=[(os.POSIX_SPAWN_DUP2, pipes[number][1], number) for number in pipes],
                setsigmask=mask,
                setsigdef=IGNORED_BY_PYTHON,
                **more,
            )
        except OSError as error:
            raise refused(program, error) from None
        each_once = {source: (target, number) for number, (source, target) in reversed(pipes.items())}
        self._pumps = len(each_once)
        main = threading.get_ident()
        for source, (written, number) in each_once.items():
            os.close(written)
            threading.Thread(target=self._pump, args=(source, number, masker(), main), daemon=True).start()

    def wait(self) -> int:
        """Pass signals on until the program has ended and everything it printed is written; its exit code."""
        code: int | None = None
        while code is None or len(self._ended) < self._pumps:
            if code is None:
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                code = _exit_code(status) if pid else None
                if pid:
                    continue
            told = signal.sigwaitinfo(_WAITED_FOR)
            if told.si_signo == signal.SIGCHLD:
                continue
            if code is not None:  # somebody else holds the output open, and we are not to wait for them
                return 128 + told.si_signo
            self._forward(told)
        for error in self._ended:
            if error is not None and error.errno != errno.EPIPE and code == 0:
                raise Failure(f"The program's output could not be written ({(error.strerror or 'unknown').lower()}).")
        return code

    def _forward(self, told: signal.struct_siginfo) -> None:
        with suppress(ProcessLookupError):
            if self._is_leader:
                os.killpg(self._pid, told.si_signo)
            elif told.si_code <= 0:  # by a process to us alone; what the terminal sends, all of its group got
                os.kill(self._pid, told.si_signo)

    def _pump(self, source: int, target: int, masker: Masker, main: int) -> None:
        """Write what comes until its end. A reader that has gone is told to the program as it always is."""
        error = None
        try:
            while piece := os.read(source, _PIECE):
                _write(target, masker.feed(piece))
            _write(target, masker.end())
        except OSError as caught:
            error = caught
        os.close(source)
        self._ended.append(error)
        signal.pthread_kill(main, signal.SIGCHLD)


def _pipes() -> dict[int, tuple[int, int]]:
    """A pipe for each stream that is masked; one for both where they go to one place, so that their order is kept."""
    numbers = masked_streams()
    if len(numbers) == 2 and os.path.sameopenfile(_STDOUT, _STDERR):
        both = os.pipe()
        return {_STDOUT: both, _STDERR: both}
    return {number: os.pipe() for number in numbers}


def _has_terminal() -> bool:
    """Whether this process has a controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _write(target: int, data: bytes) -> None:
    while data:
        data = data[os.write(target, data) :]


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
