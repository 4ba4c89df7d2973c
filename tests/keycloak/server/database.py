"""A clean database with the realm in it, made once, of which every Keycloak gets a copy.

Making the schema and importing takes most of a first start. It is kept in `~/.cache/paas/keycloak/realm-<key>`, whose
key is made of the server and of everything that decides what is imported.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from local.last_words import last_words
from local.ports import HOST, reserve
from local.private_files import private_folder, write_private
from tests.fixtures.user_cache import alone, cache_folder
from tests.keycloak.server import distribution, realm
from tests.keycloak.server.realm import Credentials, realm_for_tests

ADMIN_CLIENT: Final = "paas-test-admin"
_FILE: Final = "keycloakdb"
_SOURCES: Final = (realm.TEMPLATE, Path(realm.__file__), Path(__file__))


@dataclass(frozen=True)
class CleanRealm:
    """The folder of an imported realm: a database, and the secrets that are in it."""

    folder: Path

    @property
    def database(self) -> Path:
        """A folder to copy."""
        return self.folder / "database"

    @property
    def credentials(self) -> Credentials:
        """The secrets of this import."""
        return Credentials.from_json((self.folder / "credentials.json").read_bytes())


def ensure_imported() -> CleanRealm:
    """The clean realm, made first where it is not there yet: a minute, and only once. Raises LocalFailure."""
    home = distribution.ensure_built()
    place = cache_folder("keycloak") / f"realm-{_key()}"
    if not (place / "credentials.json").is_file():
        private_folder(place)
        with alone(place / "lock"):
            if not (place / "credentials.json").is_file():
                _import(home, place)
    return CleanRealm(place)


def url(folder: Path) -> str:
    """What JDBC calls the database in `folder`: H2, which needs to be told that VALUE is a name of Keycloak's."""
    return f"jdbc:h2:file:{folder / _FILE};NON_KEYWORDS=VALUE;TRACE_LEVEL_FILE=0"


def private_options(folder: Path) -> tuple[str, ...]:
    """What keeps a Keycloak from writing anywhere but into `folder`, whoever else uses the same home."""
    return (
        f"--db-url={url(folder)}",
        f"-Dquarkus.transaction-manager.object-store.directory={folder / 'transactions'}",
    )


def _key() -> str:
    digest = hashlib.sha256(distribution.key().encode())
    for source in _SOURCES:
        content = source.read_bytes()
        digest.update(f"{source.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def _import(home: Path, place: Path) -> None:
    print("importing the realm into a clean database (a minute, once) ...", file=sys.stderr, flush=True)
    making = private_folder(place / f".making.{os.getpid()}")
    credentials = Credentials()
    file, log = making / "realm.json", place / "log"
    write_private(file, json.dumps(realm_for_tests(credentials)).encode())
    # Its management interface listens while it imports, too.
    port = reserve(0)
    assert port is not None
    try:
        with log.open("wb") as output:
            done = subprocess.run(
                [
                    *("nice", "-n", "10"),
                    *distribution.command(
                        home, "import", "--optimized", f"--file={file}", *private_options(making / "data")
                    ),
                    f"--http-management-host={HOST}",
                    f"--http-management-port={port.getsockname()[1]}",
                ],
                env={**distribution.environment(), **_told(credentials)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode != 0:
            raise LocalFailure(f"The realm could not be imported: {last_words(log)} All of it is in {log}.")
        shutil.rmtree(place / "database", ignore_errors=True)
        (making / "data").rename(place / "database")
        write_private(place / "credentials.json", credentials.to_json())
    finally:
        port.close()
        shutil.rmtree(making, ignore_errors=True)


def _told(credentials: Credentials) -> dict[str, str]:
    return {
        "KC_BOOTSTRAP_ADMIN_CLIENT_ID": ADMIN_CLIENT,
        "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": credentials.admin,
    }
