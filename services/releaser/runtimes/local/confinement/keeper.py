"""What stands between releaser and one instance's program: it starts the program, and ends all that comes of it.

A program of its own (`python -I -S keeper.py TOKEN REPORT GROUP`), standard library only, with one thread. It is the
subreaper of its program (PR_SET_CHILD_SUBREAPER, prctl(2)): whatever the program starts, in other sessions and by
double forks too, stays below it, and is killed before it ends. It outlives releaser and ends as its program did.

    SIGTERM   asks the program to end
    SIGQUIT   kills everything now

Standard input has the job, marshalled (`command`, `environment`, `folder`, `uid`, `shown`, `core`), that only the child
reads: the keeper never holds a value, and has nothing of the program's environment, which could bend Python itself.
TOKEN is what it is found again by. REPORT is a descriptor that says why the program could not be started. GROUP is an
empty control group, or ''.
"""

import ctypes
import marshal
import os
import resource
import signal
import sys

# Few modules, and none that brings many: each instance waits for its keeper.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEARD = frozenset({signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD})
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
_OTHERS_ENTER = 0o001
_LOOK_AGAIN_SECONDS = 0.005
_LIBC = ctypes.CDLL(None, use_errno=True)


class Keeper:
    """The program and everything below this process."""

    def __init__(self, program: int, group: str) -> None:
        self._program = program
        self._group = group
        self._status: int | None = None

    def run(self) -> int:
        """Pass signals on until the program has ended, then kill what is left; return the program's status."""
        while self._status is None:
            number = signal.sigwait(_HEARD)
            if number == signal.SIGTERM:
                self._ask()
            elif number == signal.SIGQUIT:
                break
            self._reap()
        self._kill_all()
        return self._status or 0

    def _ask(self) -> None:
        try:
            os.killpg(self._program, signal.SIGTERM)
        except ProcessLookupError:
            os.kill(self._program, signal.SIGTERM)  # it has no group of its own yet

    def _kill_all(self) -> None:
        """Kill children until there are none. Each one's children become ours, so none is missed.

        Their ids can't be anybody else's: a process is there until it is reaped, and only we do that.
        """
        while True:
            if self._group:
                try:
                    _write(f"{self._group}/cgroup.kill", "1")
                except OSError:
                    pass  # an older kernel, or it is gone: what is below is killed one by one
            for pid in _children():
                try:
                    os.kill(pid, signal.SIGKILL)
                except PermissionError:
                    pass
            if not self._reap():
                break
            # Not for ever: one that became ours just now was not among them.
            signal.sigtimedwait({signal.SIGCHLD}, _LOOK_AGAIN_SECONDS)
        if self._group:
            try:
                os.rmdir(self._group)
            except OSError:
                pass

    def _reap(self) -> bool:
        """Take note of the children that have ended; return whether there are others."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._program:
                self._status = status


def _read(path: str) -> str:
    with open(path, errors="replace") as file:
        return file.read()


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _children() -> list[int]:
    own = os.getpid()
    try:
        return [int(pid) for pid in _read(f"/proc/self/task/{own}/children").split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and _parent(int(name)) == own]


def _parent(pid: int) -> int:
    try:
        return int(_read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _become(report: int, group: str, keeper: int) -> None:
    """Turn into the program. Returns where that fails, having said why to `report`: what was done, and its errno."""
    step = "prepare"
    try:
        os.setsid()
        with os.fdopen(0, "rb", closefd=False) as file:
            job: dict[str, Any] = marshal.load(file)
        os.dup2(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), 0)
        if group:
            _write(f"{group}/cgroup.procs", "0")
        _limit_core(job["core"])
        uid = job["uid"]
        if uid:
            _show(job["shown"])
        os.chdir(job["folder"])
        if uid:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        # Asked for last: a change of user clears it. Whoever kills the keeper kills the program.
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:
            return
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and a program would inherit that
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        step = "execute"
        os.execvpe(job["command"][0], job["command"], job["environment"])  # noqa: S606 - what this is for
    except OSError as error:
        os.write(report, f"{step} {error.errno}".encode())
    except ValueError:  # its text could quote the environment
        os.write(report, f"{step} 0".encode())


def _show(folders: list[str]) -> None:
    """Let this process reach folders whose way is closed to others, without opening the way for anybody else.

    In a mount namespace of its own an empty folder covers the first closed one on the way, and holds nothing but the
    way to the folder. Raises OSError where the system allows no such thing.
    """
    closed = [folder for folder in folders if _obstacle(folder) is not None]
    if not closed:
        return
    if _LIBC.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _mount("none", "/", flags=_MS_REC | _MS_PRIVATE)
    kept = {folder: os.open(folder, os.O_PATH | os.O_CLOEXEC) for folder in closed}
    for folder in sorted(closed, key=lambda each: each.count("/")):
        obstacle = _obstacle(folder)
        if obstacle is not None:
            _mount("tmpfs", obstacle, kind="tmpfs", flags=_MS_NOSUID | _MS_NODEV, data="mode=0755,size=64k")
        if not os.path.exists(folder):
            os.makedirs(folder, mode=0o755)
            _mount(f"/proc/self/fd/{kept[folder]}", folder, flags=_MS_BIND | _MS_REC)


def _obstacle(folder: str) -> str | None:
    """Return the first folder on the way to `folder`, from the root on, that others can't enter."""
    place = folder
    found = None
    while (above := os.path.dirname(place)) != place:
        place = above
        if os.path.isdir(place) and not os.stat(place).st_mode & _OTHERS_ENTER:
            found = place
    return found


def _mount(source: str, target: str, *, kind: str | None = None, flags: int, data: str | None = None) -> None:
    texts = [source.encode(), target.encode(), kind.encode() if kind else None]
    if _LIBC.mount(*texts, ctypes.c_ulong(flags), data.encode() if data else None) != 0:
        raise OSError(ctypes.get_errno(), "mount")


def _limit_core(most: int) -> None:
    """Let this process leave a core file of so many bytes, -1 for any, or as many as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    fits = hard == resource.RLIM_INFINITY or 0 <= most <= hard
    resource.setrlimit(resource.RLIMIT_CORE, (most if fits else hard, hard))


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def main(arguments: list[str]) -> None:
    """Keep a program, and end as it did."""
    report, group = int(arguments[1]), arguments[2]
    os.set_inheritable(report, False)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    keeper = os.getpid()
    program = os.fork()
    if program == 0:
        try:
            _become(report, group, keeper)
        finally:
            os._exit(127)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(report)
    status = Keeper(program, group).run()
    if os.WIFSIGNALED(status):
        _limit_core(0)
        number = os.WTERMSIG(status)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(keeper, number)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main(sys.argv[1:])
