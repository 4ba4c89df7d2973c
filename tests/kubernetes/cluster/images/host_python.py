"""The Python of this machine as the content of an image: interpreter, standard library, shared libraries, `sh`.

So an image can run Python programs without anything being fetched. Files keep the paths they have here, which is
where Python and the dynamic linker look for them; `/usr/bin/python3` is one of the ways to the interpreter.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tests.kubernetes.cluster.images.archive import File, Folder, Link, Tree

PYTHON: Final = "/usr/bin/python3"
PATH: Final = "PATH=/usr/bin:/bin"
# What no program of ours needs, and much of what there is.
_LEFT_OUT: Final = {
    "__pycache__", "dist-packages", "ensurepip", "idlelib", "lib2to3", "site-packages", "test", "tests", "tkinter",
    "turtledemo",
}  # fmt: skip
_PROGRAMS: Final = ("sh", "cat", "env", "sleep")


def host_python() -> Tree:
    """The files, by path."""
    interpreter = Path(os.path.realpath(sys._base_executable))  # type: ignore[attr-defined]
    library = library_folder()
    programs = {f"/bin/{name}": Path(os.path.realpath(found)) for name in _PROGRAMS if (found := shutil.which(name))}
    modules = list(_modules(library))
    tree: dict[str, File | Link | Folder] = {
        str(interpreter): File(interpreter, runs=True),
        **{place: File(source, runs=True) for place, source in programs.items()},
        **{str(each): File(each) for each in modules},
        "/tmp": Folder(mode=0o1777),
    }
    if str(interpreter) != PYTHON:
        tree[PYTHON] = Link(str(interpreter))
    needing = [interpreter, *programs.values(), *(each for each in modules if each.suffix == ".so")]
    tree |= {str(each): File(each, runs=True) for each in shared_libraries(needing)}
    return tree


def library_folder() -> Path:
    """Where the standard library is."""
    return Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))


def _modules(library: Path) -> Iterator[Path]:
    for folder, below, files in os.walk(library):
        below[:] = [each for each in below if each not in _LEFT_OUT and not each.startswith("config-")]
        yield from (Path(folder, each) for each in files if _is_module(each))


def _is_module(file: str) -> bool:
    # The toolkit for windows would bring thirty libraries along.
    return file.endswith((".py", ".so")) and not file.startswith(("_tkinter.", "_test", "_ctypes_test", "_xxtest"))


def shared_libraries(programs: Iterable[Path]) -> set[Path]:
    """The libraries that the dynamic linker loads for these, by the paths it finds them at, and the linker itself.

    What one of them needs and this machine lacks is left out: such a module can't be loaded here either.
    """
    # Not every file is fit for it, and it says so with its exit status when it has listed the others.
    listed = subprocess.run(["ldd", *map(str, programs)], check=False, capture_output=True, text=True).stdout
    return {Path(each) for each in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", listed, flags=re.MULTILINE)}
