"""The gateway on one machine: its configuration written, and how its Envoy is started here."""

import json
from pathlib import Path

from gateway.bootstrap import bootstrap
from gateway.process import envoy
from gateway.settings import GatewaySettings
from local.failures import LocalFailure
from local.private_files import write_private


def write_configuration(path: Path, settings: GatewaySettings) -> None:
    """Writes the gateway's configuration to `path`, as JSON."""
    write_private(path, json.dumps(bootstrap(settings), indent=1).encode())


def command(configuration: Path) -> list[str]:
    """How Envoy is started: one worker, for memory. Raises LocalFailure where it isn't installed."""
    try:
        started = envoy.command(configuration, threads=1, drain_seconds=1)
    except envoy.EnvoyMissingError:
        raise LocalFailure("The envoy program is not installed: run `make .venv`.") from None
    # So that the access log can be read while it is written.
    return [*started, "--file-flush-interval-msec", "1000"]
