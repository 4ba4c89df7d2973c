"""How long a command takes from cold: whole processes, in turn with a bare interpreter that imports the least."""

import os
import subprocess
import sys
import time
from pathlib import Path

from bench.load import Ratio, at_most, medians
from local.stack import Stack

_BARE = "import click, google.protobuf.message"


def config_list(stack: Stack, token: str, *, app: str, pairs: int = 25) -> Ratio:
    """`paas config` through the gateway, cold start to exit, against importing click and protobuf."""
    paas = str(Path(sys.executable).parent / "paas")
    environment = {
        "PATH": os.defpath,
        "HOME": str(stack.layout.root),
        "PAAS_GATEWAY": stack.gateway_url,
        "PAAS_TOKEN": token,
    }

    def ours() -> float:
        return _seconds([paas, "config", "-a", app], environment)

    def theirs() -> float:
        return _seconds([sys.executable, "-c", _BARE], environment)

    ours(), theirs()  # warm the file cache
    figures = medians([(ours() * 1000, theirs() * 1000) for _ in range(pairs)])
    return at_most(figures, measure="`paas config`, cold", against=f'`python -c "{_BARE}"`', unit="ms", reach=2.0)


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
