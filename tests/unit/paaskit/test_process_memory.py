"""A crash leaves no memory behind, seen from outside: a process dies of SIGABRT with a value in its memory."""

import os
import resource
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import os, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
from paaskit import process_memory
value = bytes(range(1, 200)) * 10
if sys.argv[1] == "private":
    process_memory.keep_private()
if sys.argv[2] == "raised":
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
os.chdir(sys.argv[3])
os.abort()
"""


def dumped(folder: Path, *arguments: str) -> bool:
    """Whether the kernel wrote a core, or had it piped to a program, of a process that crashed in `folder`."""
    command = [sys.executable, "-c", _PROGRAM, *arguments, str(folder)]
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    _, status = os.waitpid(os.posix_spawn(command[0], command, os.environ, file_actions=quiet), 0)
    assert os.WIFSIGNALED(status)
    return os.WCOREDUMP(status) or list(folder.iterdir()) != []


@pytest.mark.parametrize("limit", ["lowered", "raised"])
def test_a_crash_leaves_no_core(tmp_path: Path, limit: str) -> None:
    """Neither by the limit nor, where somebody raised that again, or cores are piped to a program, by the other."""
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 or not dumped(tmp_path, "open", limit):
        pytest.skip("no process leaves a core here")
    for core in tmp_path.iterdir():
        core.unlink()
    assert not dumped(tmp_path, "private", limit)
