"""The real `paas` without its start: a process that has imported all of it is forked for each command.

Hundreds of commands are run, and three quarters of what each costs is Python that starts and imports the same again.
What a command does is done as ever, in a process of its own, with an environment, a folder and streams of its own. How
the program starts and what it imports when is what tests of the installed program are for.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

import paas_cli
from paas_cli import entry

_STREAMS = ("stdin", "stdout", "stderr")
_CLI = Path(paas_cli.__file__).parent
# What is imported before the first fork: all of the program, and what its modules import only where it is needed. Not
# `paas mcp`, whose library takes a second, and which no test has forked: it is spoken with over pipes.
multiprocessing.set_forkserver_preload(
    [
        __name__,
        *(
            ".".join(path.relative_to(_CLI.parent).with_suffix("").parts)
            for path in _CLI.rglob("*.py")
            if "agents" not in path.parts
        ),
    ]
)


@dataclass(frozen=True)
class Done:
    """How a command ended, as `subprocess.CompletedProcess` has it: minus the signal's number where one ended it."""

    returncode: int
    stdout: bytes
    stderr: bytes


def run(arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdin: bytes, timeout: float) -> Done:
    """Run `paas` with these arguments to its end. Raises TimeoutExpired after that many seconds, once it is killed."""
    with tempfile.TemporaryDirectory(prefix="paas streams ") as folder:
        (Path(folder) / "stdin").write_bytes(stdin)
        process = multiprocessing.get_context("forkserver").Process(
            target=_command, args=(list(arguments), dict(env), str(cwd), folder)
        )
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutExpired(["paas", *arguments], timeout)
        return Done(process.exitcode, *((Path(folder) / name).read_bytes() for name in _STREAMS[1:]))


def _command(arguments: list[str], env: dict[str, str], cwd: str, folder: str) -> None:
    """Be that process, to its end."""
    for number, name in enumerate(_STREAMS):
        flags = os.O_RDONLY if name == "stdin" else os.O_WRONLY | os.O_CREAT
        opened = os.open(f"{folder}/{name}", flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
        mode = "r" if name == "stdin" else "w"
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["paas", *arguments]
    sys.exit(entry.main())
