"""The images every cluster has: `pause`, which holds a pod's namespaces, and `demo`, a program in Python for tests.

They are kept beside the programs, since reading a thousand files takes longer than a cluster needs to start.
"""

import hashlib
import sys
from pathlib import Path
from typing import Final

from tests.fixtures.user_cache import alone
from tests.kubernetes.cluster.build import cache_folder
from tests.kubernetes.cluster.images import archive, host_python
from tests.kubernetes.cluster.images.archive import File, Tree, write_image

PAUSE: Final = "paas.test/pause:1"
DEMO: Final = "paas.test/demo:1"
_REPOSITORY: Final = Path(__file__).parents[4]


def own_images(*, pause: Path) -> list[Path]:
    """The archives of both, made where they are not there yet; `pause` is the program."""
    folder = cache_folder() / f"images-{_key(pause)}"
    archives = [folder / "pause.tar", folder / "demo.tar"]
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / "lock"):
        if not all(each.is_file() for each in archives):
            write_own_images(folder, pause=pause)
    return archives


def write_own_images(folder: Path, *, pause: Path) -> None:
    """Write both to `folder`."""
    held = {"/pause": File(pause, runs=True)}
    write_image(folder / "pause.tar", PAUSE, held, command=["/pause"], environment=[host_python.PATH])
    command, tree = [host_python.PYTHON, "-u", "/app/demo.py"], {**host_python.host_python(), **_demo()}
    write_image(folder / "demo.tar", DEMO, tree, command=command, environment=[host_python.PATH])


def _demo() -> Tree:
    return {
        "/app/demo.py": File(Path(__file__).parent / "demo.py"),
        "/app/local/__init__.py": File(b""),
        "/app/local/demo_app.py": File(_REPOSITORY / "local" / "demo_app.py"),
    }


def _key(pause: Path) -> str:
    """Changes with this machine's Python, with the programs and with how images are made."""
    library = host_python.library_folder()
    digest = hashlib.sha256(f"{sys.version} {library} {library.stat().st_mtime_ns}".encode())
    sources = [pause, *(Path(each) for each in (__file__, str(archive.__file__), str(host_python.__file__)))]
    for file in (*sources, *(entry.content for entry in _demo().values() if isinstance(entry, File))):
        digest.update(file if isinstance(file, bytes) else file.read_bytes())
    return digest.hexdigest()[:32]
