# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH118, PTH120, PTH123
"""The nearest `.paas.toml`: which app a folder is about and, on a one-machine stack, where its sign-in is.

It may come from a stranger's repository, so it can't name a gateway or hold a token.
"""

import os
from dataclasses import dataclass

from paas_cli import toml_file
from paas_cli.errors import Failure

FILE_NAME = ".paas.toml"


@dataclass(frozen=True)
class Project:
    """What a `.paas.toml` says. `profiles` is an absolute path."""

    path: str
    app: str | None
    profiles: str | None


def nearest(folder: str) -> Project | None:
    """The project `folder` is in: the first `.paas.toml` from there upwards."""
    while True:
        path = os.path.join(folder, FILE_NAME)
        try:
            with open(path, "rb") as file:
                return _read(path, file.read(64 * 1024))
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise Failure(f"{path} can't be read: {(error.strerror or 'unknown reason').lower()}.") from None
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _read(path: str, content: bytes) -> Project:
    table = toml_file.parse(content, path=path)
    profiles = toml_file.text(table, "profiles", path=path)
    if profiles is not None:
        profiles = os.path.normpath(os.path.join(os.path.dirname(path), profiles))
    return Project(path=path, app=toml_file.text(table, "app", path=path), profiles=profiles)
