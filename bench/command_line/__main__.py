"""`python -m bench.command_line [--write]`: commands from cold; with --write also into bench/RESULTS.md."""

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from bench.__main__ import HEAD, RESULTS
from bench.command_line import heroku
from bench.command_line.paas import Signed
from bench.load import Ratio
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from local.ports import free_base_port
from paaskit.clock import random_id

_SECTION: Final = "## The command line"
_ABOUT: Final = """\
The latest run of `make bench-command-line`, {day:%Y-%m-%d}, on {cores} cores, Python {python}: whole processes, cold
start to exit, in turn with what they are measured beside; medians of pairs. The app
has 20 config vars and 20 secrets."""
_EACH: Final = 20


def main() -> None:
    """Measure each command on a stack of its own."""
    print(HEAD, flush=True)
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        with running_stack(Path(folder) / "state", base_port=free_base_port()) as stack:
            token = sign_in(stack)
            asyncio.run(_fill(Bench(stack, token)))
            for ratio in _measure(Signed.in_to(stack, token)):
                ratios.append(ratio)
                print(ratio.line(), flush=True)
    if "--write" in sys.argv:
        about = _ABOUT.format(day=datetime.now(UTC), cores=os.cpu_count(), python=platform.python_version())
        body = "\n".join([about, "", HEAD, *(ratio.line() for ratio in ratios)])
        RESULTS.write_text(with_section(RESULTS.read_text(), _SECTION, body))


def _measure(signed: Signed) -> Iterator[Ratio]:
    yield signed.config(app="cold")
    yield signed.run(app="cold")
    program = heroku.installed()
    if program is None:
        print("Heroku's command line is not here, and npm can't install it: its row is left out.")
        return
    yield signed.help_text(program)


async def _fill(bench: Bench) -> None:
    """An app with as much as apps have."""
    try:
        await bench.create_app("cold")
        await bench.set_vars("cold", {f"VAR_{number}": "x" * 20 for number in range(_EACH)})
        sealed = [secrets_pb2.SecretAssignment(name=f"KEY_{number}", value="xyzzy" * 6) for number in range(_EACH)]
        await secrets_pb2_grpc.SecretsServiceStub(bench.channel("secrets")).SetSecrets(
            secrets_pb2.SetSecretsRequest(request_id=random_id(), app="cold", secrets=sealed),
            metadata=await bench.me(),
        )
    finally:
        await bench.close()


if __name__ == "__main__":
    main()
