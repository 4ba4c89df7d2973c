"""Keycloak itself: fetched from Maven's repository, built for our options, and kept outside the clone.

It is in `~/.cache/paas/keycloak/server-<key>`, where the key is made of everything that decides what is built. Where
artifacts come from is Maven's own setting; what has come is compared with a hash that is pinned here.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from tests.fixtures.user_cache import alone, cache_folder
from tests.keycloak.server import needs

VERSION: Final = "26.7.3"
SHA256: Final = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
# What is settled when Keycloak is built and can't be changed when it starts.
BUILD_OPTIONS: Final = ("--db=dev-file", "--health-enabled=true")
_ARTIFACT: Final = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
# Bounds of Keycloak's memory, and compiled code that is there soon rather than fast: it runs for minutes.
_JAVA_SETTINGS: Final = {
    "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx384m",
    "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=96m",
}
_PASSED_ON: Final = ("PATH", "HOME", "JAVA_HOME", "TMPDIR")


def ensure_built() -> Path:
    """Keycloak's home folder, fetched and built first where it is not there yet: a minute or two, and only once.

    Raises LocalFailure.
    """
    folder = cache_folder("keycloak") / f"server-{key()}"
    home = folder / f"keycloak-{VERSION}"
    built = folder / "built"
    needs.ensure(maven=not built.is_file())
    if not built.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder / "lock"):
            if not built.is_file():
                _make(home)
                built.touch()
    return home


def key() -> str:
    """Changes whenever something else would be built: 32 hexadecimal digits."""
    return hashlib.sha256("\n".join([VERSION, SHA256, *BUILD_OPTIONS]).encode()).hexdigest()[:32]


def command(home: Path, *arguments: str) -> list[str]:
    """How Keycloak's own program is started."""
    return [str(home / "bin" / "kc.sh"), *arguments]


def environment() -> dict[str, str]:
    """The environment Keycloak gets: nothing of this user's that would be a setting of it."""
    return {**{name: os.environ[name] for name in _PASSED_ON if name in os.environ}, **_JAVA_SETTINGS}


def _make(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="paas-keycloak-") as folder:
        _unpack(_fetch(Path(folder)), home)
    _say(f"building Keycloak {VERSION} (a minute, once) ...")
    done = subprocess.run(
        ["nice", "-n", "10", *command(home, "build", *BUILD_OPTIONS)],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalFailure(f"Keycloak could not be built: {_last_line(done.stdout + done.stderr)}")


def _fetch(folder: Path) -> Path:
    _say(f"fetching Keycloak {VERSION} with Maven (170 MB, once) ...")
    archive = folder / f"keycloak-quarkus-dist-{VERSION}.zip"
    arguments = (f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={folder}")
    done = subprocess.run(
        ["mvn", "--quiet", "--batch-mode", _COPY, *arguments],
        # Not where a pom.xml of somebody else's may be.
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0 or not archive.is_file():
        raise LocalFailure(f"Keycloak could not be fetched with Maven: {_last_line(done.stdout + done.stderr)}")
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise LocalFailure(f"What Maven fetched as {_ARTIFACT} is not what is pinned: its SHA-256 is {found}.")
    return archive


def _unpack(archive: Path, home: Path) -> None:
    with zipfile.ZipFile(archive) as content:
        content.extractall(home.parent)
    (home / "bin" / "kc.sh").chmod(0o755)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it left no word.")
