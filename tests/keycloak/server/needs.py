"""What Keycloak needs of this machine: a list of what is missing, and Debian's own packages for it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from tests.fixtures.debian import install

OLDEST_JAVA: Final = 17
_JAVA_PACKAGE: Final = "default-jre-headless"
_MAVEN_PACKAGE: Final = "maven"
_VERSION: Final = re.compile(r'version "(\d+)')


def ensure(*, maven: bool) -> None:
    """Install what is missing where this is Debian and we are root; Maven is needed until Keycloak is built.

    Raises LocalFailure naming what still is missing.
    """
    if packages := missing_packages(maven=maven):
        install(packages)
    if packages := missing_packages(maven=maven):
        raise LocalFailure(
            f"Keycloak needs Java {OLDEST_JAVA} or newer, and Maven once: install {' '.join(packages)}, "
            "as Debian calls it (sudo apt-get install), or what has it elsewhere."
        )


def missing_packages(*, maven: bool) -> list[str]:
    """The packages of Debian that have what this machine lacks."""
    lacking = [] if java_version() >= OLDEST_JAVA else [_JAVA_PACKAGE]
    return [*lacking, _MAVEN_PACKAGE] if maven and shutil.which("mvn") is None else lacking


def java_version() -> int:
    """The major version of the Java that Keycloak would run on; 0 where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = _VERSION.search(said)
    return int(found[1]) if found else 0
