"""Names for a press of Tab: those that are kept, at once; else those that a process beside this one gets in time.

That process asks the gateway, keeps what it is told, and is left alone where it takes longer.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence

from paas_cli.completion import kept_names
from paas_cli.completion.question import Question

# Seconds that somebody waits for names that were never asked for.
_PATIENCE = 1.2
_LOOK = 0.01


def names(question: Question, environ: Mapping[str, str], now: float) -> Sequence[str]:
    """The names there are, or were within a day. Asks anew where they are older than a minute."""
    kept = kept_names.read(question.file)
    if not kept.is_due(now):
        return kept.usable(now)
    process = _asking(question, environ)
    if usable := kept.usable(now):
        return usable
    if process is not None and _ends(process):
        return kept_names.read(question.file).usable(time.time())
    return ()


def _asking(question: Question, environ: Mapping[str, str]) -> int | None:
    """The process that asks, apart from the terminal and from whatever the shell reads."""
    # -P: what is asked for in a folder must not run what lies in it.
    command = [sys.executable, "-P", "-m", "paas_cli.completion.fetching", question.kind]
    for option, value in (
        ("-a", question.flags.app),
        ("--profile", question.flags.profile),
        ("--env", question.flags.env),
    ):
        if value is not None:
            command += [option, value]
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    try:
        return os.posix_spawn(sys.executable, command, environ, file_actions=nothing, setsid=True)
    except NotImplementedError:  # a system without that of POSIX_SPAWN_SETSID
        return os.posix_spawn(sys.executable, command, environ, file_actions=nothing, setpgroup=0)
    except OSError:
        return None


def _ends(process: int) -> bool:
    """Whether it ends in time."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if os.waitpid(process, os.WNOHANG) != (0, 0):
            return True
        time.sleep(_LOOK)
    return False
