# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH118, PTH120, PTH123
"""The nearest `.paas.toml`: which app and profile a folder is about, and its environments.

On a one-machine stack, also where its sign-in is.

It may come from a stranger's repository, so it can't name a gateway or hold a token: profiles of the user's own do.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from paas_cli.errors import Failure
from paas_cli.files import toml_file

FILE_NAME = ".paas.toml"


class Environment(NamedTuple):
    """An `[env.NAME]` of a `.paas.toml`: the app and the profile it is about, None for what is as without it."""

    name: str
    app: str | None
    profile: str | None


@dataclass(frozen=True)
class Project:
    """What a `.paas.toml` says. `profiles` is an absolute path."""

    path: str
    app: str | None
    profiles: str | None
    profile: str | None = None
    environments: Mapping[str, Environment] = field(default_factory=dict)


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
    return Project(
        path=path,
        app=toml_file.text(table, "app", path=path),
        profiles=profiles,
        profile=toml_file.text(table, "profile", path=path),
        environments=_environments(table, path),
    )


def _environments(table: toml_file.Table, path: str) -> dict[str, Environment]:
    entries = table.get("env", {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise Failure(f"`env` in {path} must be tables like [env.staging]; correct it.")
    return {name: _environment(name, entry, path) for name, entry in entries.items()}


def _environment(name: str, entry: toml_file.Table, path: str) -> Environment:
    if others := entry.keys() - {"app", "profile"}:
        from paas_cli.terminal.text import visible

        raise Failure(
            f"[env.{visible(name)}] in {path} takes `app` and `profile` alone, and has `{visible(min(others))}`; the "
            "gateway and the sign-in are those of the profile, which is yours and not the project's."
        )
    app, profile = (toml_file.text(entry, key, path=path) for key in ("app", "profile"))
    return Environment(name, app=app, profile=profile)
