"""How long a release takes: from the acknowledged change to the last instance on the new environment."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from bench.load import Ratio, at_most, medians
from bench.platform import Bench

INSTANCES = 2
# A trivial app: the standard library's HTTP server, which answers any path once it is up.
_WITH_PORT = ("/bin/sh", "-c", 'exec "$0" -m http.server --bind 127.0.0.1 "$PORT"', sys.executable)


async def rolling_restart(bench: Bench, *, pairs: int = 7) -> Ratio:
    """One change of an app with two instances against starting its program twice by hand."""
    await bench.create_app("web", command=_WITH_PORT, instances=INSTANCES, health="/")
    await bench.until_released("web", 1)
    measured = []
    for index in range(pairs):
        measured.append((await _released(bench, "web", {"ROUND": str(index)}), _own_start() * INSTANCES))
        await asyncio.sleep(1.0)
    return at_most(
        medians([(ours * 1000, theirs * 1000) for ours, theirs in measured]),
        measure="change → all instances restarted",
        against="the app's own start, once per instance",
        unit="ms",
        reach=1.5,
    )


async def many_variables(bench: Bench, *, pairs: int = 7) -> Ratio:
    """A release of an app with 500 variables against one with 5."""
    for app, count in (("many", 500), ("few", 5)):
        await bench.create_app(app, command=_WITH_PORT, instances=1, health="/")
        await bench.until_released(app, 1)
        await _released(bench, app, {f"VARIABLE_{index}": "value" * 8 for index in range(count)})
    measured = []
    for index in range(pairs):
        await asyncio.sleep(1.0)
        many = await _released(bench, "many", {"VARIABLE_0": str(index)})
        measured.append((many * 1000, await _released(bench, "few", {"VARIABLE_0": str(index)}) * 1000))
    return at_most(
        medians(measured), measure="release of 500 variables", against="release of 5 variables", unit="ms", reach=2.0
    )


async def _released(bench: Bench, app: str, values: dict[str, str]) -> float:
    release = await bench.set_vars(app, values)
    start = time.perf_counter()
    await bench.until_released(app, release)
    return time.perf_counter() - start


def _own_start() -> float:
    """Start the app's program by hand and return the seconds until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(
        _WITH_PORT,
        env={"PORT": str(port), "PATH": os.defpath},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()  # our own app
            except (urllib.error.URLError, OSError):
                time.sleep(0.005)
            else:
                return time.perf_counter() - start
    finally:
        process.kill()
        process.wait()
