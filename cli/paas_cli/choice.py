"""Which app, profile and environment a command is about, and who said so.

What is typed goes before what is in the process's environment, that before the project, and at each step what names
the thing itself goes before an environment of `.paas.toml`:

| app | profile |
| --- | --- |
| `-a`, `--app` | `--profile` |
| `app` of `--env` | `profile` of `--env` |
| `PAAS_APP` | `PAAS_PROFILE` |
| `app` of `PAAS_ENV` | `profile` of `PAAS_ENV` |
| `app` in `.paas.toml` | `profile` in `.paas.toml` |
| | `default` in `config.toml` |

Loaded by every command, so it is made of what is quick to import.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from paas_cli.errors import Misuse

if TYPE_CHECKING:
    from paas_cli.project import Environment, Project


class Flags(NamedTuple):
    """What was typed: `-a`, `--profile` and `--env`."""

    app: str | None = None
    profile: str | None = None
    env: str | None = None


class Choice(NamedTuple):
    """A name that was chosen, and in words by what."""

    name: str
    source: str


class Choices:
    """What one command line, its process's environment and the folder choose. Nothing is read before it is asked for.

    `project` gives the nearest `.paas.toml`.
    """

    def __init__(self, flags: Flags, environ: Mapping[str, str], project: Callable[[], "Project | None"]) -> None:
        self.flags = flags
        self._environ = environ
        self.project = project

    def app(self) -> Choice:
        """The app. Raises Misuse where nothing names one."""
        if self.flags.app:
            return Choice(self.flags.app, "-a")
        typed = self._typed()
        if typed is not None and typed.app:
            return Choice(typed.app, self._of("--env", typed))
        if named := self._environ.get("PAAS_APP"):
            return Choice(named, "PAAS_APP")
        exported = self._exported()
        if exported is not None and exported.app:
            return Choice(exported.app, self._of("PAAS_ENV", exported))
        project = self.project()
        if project is not None and project.app:
            return Choice(project.app, project.path)
        raise Misuse(
            "No app is chosen: give one with -a/--app, in the environment variable PAAS_APP, or as `app` in a "
            ".paas.toml file here or above."
        )

    def profile(self) -> Choice | None:
        """The profile that is named; None where the file of profiles has the last word. Raises Misuse."""
        if self.flags.profile:
            return Choice(self.flags.profile, "--profile")
        typed = self._typed()
        if typed is not None and typed.profile:
            return Choice(typed.profile, self._of("--env", typed))
        if named := self._environ.get("PAAS_PROFILE"):
            return Choice(named, "PAAS_PROFILE")
        exported = self._exported()
        if exported is not None and exported.profile:
            return Choice(exported.profile, self._of("PAAS_ENV", exported))
        project = self.project()
        if project is not None and project.profile:
            return Choice(project.profile, project.path)
        return None

    def environment(self) -> Choice | None:
        """The environment of `.paas.toml`, None where none is chosen. Raises Misuse for one that is not there."""
        for environment, by in ((self._typed(), "--env"), (self._exported(), "PAAS_ENV")):
            if environment is not None:
                return Choice(environment.name, by)
        return None

    def _typed(self) -> "Environment | None":
        return self._found(self.flags.env, "--env") if self.flags.env else None

    def _exported(self) -> "Environment | None":
        name = None if self.flags.env else self._environ.get("PAAS_ENV")
        return self._found(name, "PAAS_ENV") if name else None

    def _found(self, name: str, by: str) -> "Environment":
        """The environment of that name. A name that means nothing must not lead to what is meant without one."""
        from paas_cli.terminal.text import visible

        project = self.project()
        if project is None:
            raise Misuse(f"{by} names an environment of .paas.toml, and there is no such file here or above.")
        if name not in project.environments:
            known = ", ".join(map(visible, sorted(project.environments))) or "none"
            raise Misuse(
                f"There is no environment {visible(name)}, which {by} names, in {project.path} "
                f"(environments there: {known})."
            )
        return project.environments[name]

    def _of(self, by: str, environment: "Environment") -> str:
        project = self.project()
        return f"{by} {environment.name} in {project.path if project else '.paas.toml'}"
