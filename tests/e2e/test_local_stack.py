"""Starting and stopping the one-machine stack as a person does, with `python -m local`, when something is wrong.

A stack of its own, since it is broken on purpose. Leaves out the demo, which `make demo` is the test of.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.layout import CLONE, Layout
from local.ports import LISTENERS, PROCESSES, free_base_port
from local.record import Record, read_record
from local.supervisor import RECORD
from machine.processes import ProcessId, is_alive, wait_gone
from tests.e2e.installation import kill
from tests.fixtures.waiting import PATIENCE


class Local:
    """`python -m local` for one state folder."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root / ".paas")
        self.port = free_base_port()

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Run one verb: exit code, standard output, standard error."""
        done = subprocess.run(
            [sys.executable, "-m", "local", "--state", str(self.layout.root), "--port", str(self.port), *arguments],
            cwd=CLONE,
            capture_output=True,
            text=True,
            # Longer than the stack's own patience, whose sentence says more than a test that is cut off.
            timeout=2 * PATIENCE,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def parts(self) -> list[ProcessId]:
        """The supervisor and the parts it started, by its own record: the same as long as none of them dies."""
        record = self.record()
        return [record.supervisor, *(entry.process for entry in record.parts)]

    def processes(self) -> list[ProcessId]:
        """They and everything below them just now. PostgreSQL's own processes come and go as they please."""
        return [*self.parts(), *self.record().others]

    def record(self) -> Record:
        """What the supervisor wrote down of itself and its parts."""
        record = read_record(self.layout.run / RECORD)
        assert record is not None
        return record

    def nothing_runs(self) -> bool:
        """Whether no process works in the state folder or was told of it, and none listens on the ports."""
        folder = os.fsencode(self.layout.root)
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                if folder in (entry / "cmdline").read_bytes() or folder in (entry / "environ").read_bytes():
                    return False
            except OSError:
                continue
        return not any(_answers(self.port + offset) for offset in range(len(LISTENERS)))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def local(temporary: Path) -> Iterator[Local]:
    """A state folder that the tests of this file use one after the other."""
    folder = temporary / "another machine"
    folder.mkdir()
    local = Local(folder)
    yield local
    local("down")


def one_sentence(err: str) -> bool:
    """Whether that is all that was said."""
    return err.count("\n") == 1 and err.rstrip().endswith((".", ")"))


def test_a_port_that_is_taken(local: Local) -> None:
    with socket.create_server(("127.0.0.1", local.port + 3)):
        code, _, err = local("up")
        assert code == 1
        assert one_sentence(err)
        assert f"Port {local.port + 3}, which tokens needs, is taken by another program" in err
        assert not (local.layout.run / RECORD).exists()
    assert local.nothing_runs()


def test_a_file_that_can_t_be_read(local: Local) -> None:
    # A folder can't be read as a file by anybody, root included.
    local.layout.kms_key.mkdir(parents=True)
    try:
        code, _, err = local("up")
    finally:
        local.layout.kms_key.rmdir()
    assert code == 1
    assert one_sentence(err)
    assert "kms.key can't be used" in err
    assert local.nothing_runs()


@pytest.mark.thorough
def test_a_child_that_dies_while_starting(local: Local) -> None:
    local.layout.keys.mkdir(parents=True, exist_ok=True)
    local.layout.kms_key.write_text("bm90IDMyIGJ5dGVz\n")
    local.layout.kms_key.chmod(0o600)
    try:
        code, _, err = local("up")
    finally:
        local.layout.kms_key.unlink()
    assert code == 1
    assert one_sentence(err)
    assert err.startswith("secrets ended while it was starting: ")
    assert "kms.key does not hold 32 bytes" in err
    assert local.nothing_runs()


def test_up_twice_status_and_down(local: Local) -> None:
    assert local("status")[0] == 1
    with cores_allowed():
        code, _, err = local("up")
    assert (code, err) == (0, "")
    before, running = local.parts(), local.processes()
    assert [log.name for log in local.layout.logs.iterdir() if log.stat().st_mode & 0o077] == []
    limits = {part.name: _core_limit(part.process.pid) for part in local.record().parts if part.name in PROCESSES}
    assert limits == dict.fromkeys(PROCESSES, "0"), "however much of a core the shell would allow"
    code, out, _ = local("up")
    assert (code, out.splitlines()[0]) == (0, "The stack runs already.")
    assert local.parts() == before
    running += local.processes()
    code, out, _ = local("status")
    lines = out.splitlines()
    assert (code, lines[9]) == (0, ""), "nine parts, and then the figures of those that are ours"
    assert [line.split()[0] for line in lines[11:]] == list(PROCESSES)
    assert all(" served " in line for line in lines[11:])
    assert max(map(len, lines)) <= 80
    assert local("down")[:2] == (0, "Stopped.\n")
    assert not any(is_alive(process) for process in running)
    assert local.nothing_runs()
    assert local("down")[:2] == (0, "Nothing was running.\n")


@contextmanager
def cores_allowed() -> Iterator[None]:
    """Let what is started leave as much of a core as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def _core_limit(pid: int) -> str:
    lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
    return next(line.split()[4] for line in lines if line.startswith("Max core file size"))


def test_down_cleans_up_after_a_supervisor_that_was_killed(local: Local) -> None:
    assert local("up")[0] == 0
    running = local.processes()
    kill(running[0].pid)
    assert wait_gone(running[:1], timeout=PATIENCE) == []
    assert local("down")[0] == 0
    assert not any(is_alive(process) for process in running)
    assert local.nothing_runs()


def test_interrupting_a_start_leaves_nothing(local: Local) -> None:
    arguments = ["--state", str(local.layout.root), "--port", str(local.port), "up"]
    starting = subprocess.Popen(
        [sys.executable, "-m", "local", *arguments], cwd=CLONE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert starting.stdout is not None
    assert starting.stdout.readline().startswith(b"starting ")
    starting.send_signal(signal.SIGINT)
    _, err = starting.communicate(timeout=PATIENCE)
    assert starting.returncode == 130
    assert err == b"interrupted\n"
    assert local.nothing_runs()
