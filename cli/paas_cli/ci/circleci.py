"""CircleCI: a job's token for the audience it wants is had from the program `circleci`, which every job has.

The ones in the environment are for the organization: its id is their audience, which is right where the trust says so.
"""

import json
import subprocess
from collections.abc import Mapping

from paas_cli.errors import Failure

_GIVEN = "CIRCLE_OIDC_TOKEN_V2"
_SECONDS = 30
_MOST = 64 * 1024


def is_here(environ: Mapping[str, str]) -> bool:
    """Whether this is a job of CircleCI."""
    return environ.get("CIRCLECI") == "true"


def token(environ: Mapping[str, str], *, audience: str) -> str:
    """The job's token for `audience`. Raises Failure, which says nothing of what came."""
    from shutil import which

    program = which("circleci", path=environ.get("PATH"))
    if program is None:
        if given := environ.get(_GIVEN):
            return given
        raise Failure(f"This job has neither the program `circleci` nor {_GIVEN}; add a context to the job.")
    command = [program, "run", "oidc", "get", "--claims", json.dumps({"aud": audience})]
    try:
        ran = subprocess.run(
            command, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Failure("The program `circleci` could not be run for a token; run the job again.") from None
    if ran.returncode != 0 or len(ran.stdout) > _MOST:
        raise Failure(
            "The program `circleci` gave no token (`circleci run oidc get`); see whether the job may have one."
        )
    return ran.stdout.decode("ascii", "replace")
