"""Who started the server, where, and what they allowed. Settled as it starts: an agent can change files, and not this.

Must not read a value: a reference is read when it is used.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paas_cli.choice import Flags
from paas_cli.errors import Failure, Misuse
from paas_cli.project import Project
from paas_cli.session import Session, Surroundings
from paas_cli.terminal.text import visible

# It opens the whole account, so it is nobody's secret to seal.
_TOKEN = "PAAS_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What goes beyond looking and staging. `secret_env` are names; `secret_files` are paths, by what was given."""

    run: bool = False
    release: bool = False
    secret_env: tuple[str, ...] = ()
    secret_files: dict[str, str]


@dataclass(frozen=True)
class Host:
    """The process that serves. `project` is what `.paas.toml` said as it started."""

    surroundings: Surroundings
    flags: Flags
    project: Project | None
    allowed: Allowed

    @property
    def default_app(self) -> str | None:
        """The app that a call is about where it names none; None where nothing chooses one."""
        session = Session(self.surroundings, self.flags)
        session.project = self.project
        try:
            return session.app
        except Misuse:
            return None


def of_session(
    session: Session, *, run: bool, release: bool, secret_env: Sequence[str], secret_files: Sequence[str]
) -> Host:
    """The host that a command line asks for. Raises Failure for a reference that can't be one."""
    for name in secret_env:
        if name == _TOKEN:
            raise Misuse(f"--secret-env can't be {_TOKEN}: it signs you in, and no app has to have it.")
        if name not in session.surroundings.environ:
            raise Failure(f"--secret-env names {visible(name)}, which is not set in the environment of this process.")
    folder = Path(session.surroundings.folder)
    paths = {given: os.path.abspath(folder / Path(given).expanduser()) for given in secret_files}  # noqa: PTH100 - it keeps links
    for given, path in paths.items():
        if not Path(path).is_file():
            raise Failure(f"--secret-file names {visible(given)}, which is no file.")
    allowed = Allowed(run=run, release=release, secret_env=tuple(secret_env), secret_files=paths)
    return Host(session.surroundings, session.flags, session.project, allowed)
