"""`python -m gateway.process`: writes Envoy's configuration and becomes Envoy. `--drain` has one that runs end gently.

python -m gateway.process            # settings from the environment
python -m gateway.process --drain    # with the same settings: returns when it may be ended (SIGTERM)
"""

import json
import os
import sys
from collections.abc import Sequence

from gateway.bootstrap import bootstrap
from gateway.process.drain import drain
from gateway.process.envoy import EnvoyMissingError, command
from gateway.process.settings import Settings, gateway_settings
from paaskit.settings import SettingsError, load_settings


def main(arguments: Sequence[str]) -> int:
    """Become Envoy, or drain the one that runs; the exit code where that failed."""
    try:
        settings = load_settings(Settings, os.environ)
        if list(arguments) == ["--drain"]:
            drain(settings.admin_socket, seconds=settings.drain_seconds)
            return 0
        configuration = json.dumps(bootstrap(gateway_settings(settings))).encode()
        descriptor = os.open(settings.configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(configuration)
        # One that was killed leaves it, and the next in the same pod could not listen there.
        settings.admin_socket.unlink(missing_ok=True)
        program = command(settings.configuration, threads=settings.threads, drain_seconds=settings.drain_seconds)
    except (SettingsError, EnvoyMissingError, OSError) as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    return os.execv(program[0], program)  # noqa: S606  # no shell is what is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
