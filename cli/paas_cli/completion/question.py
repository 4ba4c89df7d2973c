"""Whose names are asked for: what a command line that is being typed chooses, as far as it chooses anything.

Must not ask a gateway; opens the files of the project and of profiles alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from paas_cli import project
from paas_cli.choice import Choices, Flags
from paas_cli.completion import kept_names
from paas_cli.project import Project
from paas_cli.signin import profile

# Kinds of names that are an app's; others are the tenant's.
OF_AN_APP = frozenset({"vars", "secrets", "releases", "staged"})


@dataclass(frozen=True)
class Question:
    """A kind of names, what was typed to choose whose, and the file where the answer is kept."""

    kind: str
    flags: Flags
    file: str


def choices(flags: Flags, environ: Mapping[str, str], folder: str) -> Choices:
    """What the command line chooses. The nearest `.paas.toml` is read once."""
    found: list[Project | None] = []

    def nearest() -> Project | None:
        if not found:
            found.append(project.nearest(folder))
        return found[0]

    return Choices(flags, environ, nearest)


def ask(kind: str, flags: Flags, environ: Mapping[str, str], folder: str) -> Question:
    """The question. Raises Failure where nobody is signed in, or no app is chosen for what is an app's."""
    chosen = choices(flags, environ, folder)
    app = chosen.app().name if kind in OF_AN_APP else ""
    if profile.is_all_in(environ) and flags.profile is None:
        place = profile.place_of(environ)
    else:
        place = profile.place(chosen.profile(), environ, project=chosen.project(), login="")
    sign_in = profile.sign_in(place, environ, login="")
    if sign_in.sso is not None:  # whose access token is another every few minutes
        who = (sign_in.source, sign_in.sso.issuer, place.file.profiles.get(place.name, profile.Profile()).subject or "")
    else:
        who = (sign_in.token, "", "")
    return Question(kind, flags, kept_names.path(environ, kind, str(place.gateway), *who, app))


def profiles(flags: Flags, environ: Mapping[str, str], folder: str) -> list[str]:
    """The names of profiles. Raises Failure."""
    return list(profile.read_file(environ, choices(flags, environ, folder).project()).profiles)


def environments(folder: str) -> list[str]:
    """The environments of the nearest `.paas.toml`. Raises Failure."""
    found = project.nearest(folder)
    return list(found.environments) if found is not None else []
