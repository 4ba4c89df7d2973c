"""Which app a command is about: `-a/--app`, else PAAS_APP, else `app` in the nearest `.paas.toml`."""

from collections.abc import Callable, Mapping

from paas_cli.errors import Misuse
from paas_cli.project import Project


def choose(flag: str | None, environ: Mapping[str, str], *, project: Callable[[], Project | None]) -> str:
    """The app's name. `project` is asked last. Raises Misuse where nothing names one."""
    chosen = flag or environ.get("PAAS_APP")
    if not chosen:
        found = project()
        chosen = found.app if found else None
    if not chosen:
        raise Misuse(
            "No app is chosen: give one with -a/--app, in the environment variable PAAS_APP, or as `app` in a "
            ".paas.toml file here or above."
        )
    return chosen
