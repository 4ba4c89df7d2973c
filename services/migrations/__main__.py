"""`python -m services.migrations SERVICE [--wait]`: what runs ahead of a service's new code.

Without `--wait` it brings the service's database to its newest schema, as the owner role. With it, as the service's
own role, it ends once that has happened: a process of new code starts behind it, and not before.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from paaskit.migrations import FOLDERS, is_ready_for, upgrade
from paaskit.settings import SettingsError, load_settings, setting

_LOOK_EVERY_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Whose database it is is said by the role in its URL."""

    database_url: str = setting("The PostgreSQL database, as a URL without a password.")
    database_password_file: Path = setting("A file with the password of the database role.")


def main(arguments: Sequence[str]) -> int:
    """Migrate or wait; the exit code. What goes wrong is a line on standard error that names no value."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings(Settings, os.environ)
    except SettingsError as error:
        return _fail(options.service, str(error))
    password = settings.database_password_file.read_text().strip()
    if options.wait:
        wait(lambda: is_ready_for(options.service, settings.database_url, password=password), service=options.service)
        return 0
    try:
        upgrade(options.service, settings.database_url, password=password)
    except Exception as error:  # its text may quote data or the URL
        return _fail(options.service, f"The migrations failed with {type(error).__name__}; they can be run again.")
    return 0


def wait(is_ready: Callable[[], bool], *, service: str, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return once `is_ready` says so; a database that does not answer, or not yet, is asked again."""
    told = ""
    while True:
        try:
            if is_ready():
                return
            why = "its migrations have not run yet"
        except psycopg.Error as error:
            why = f"its database can't be asked ({type(error).__name__})"
        if why != told:
            print(f"{service}: waiting, {why}", file=sys.stderr, flush=True)
            told = why
        sleep(_LOOK_EVERY_SECONDS)


def _fail(service: str, sentence: str) -> int:
    print(f"{service}: {sentence}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.migrations", description="Migrate a service's database.")
    parser.add_argument("service", choices=sorted(FOLDERS))
    parser.add_argument("--wait", action="store_true", help="only wait until somebody else has")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
