"""`python -m bench.growth [--apps N] [--write]`: a large stack beside a small one, call by call.

With --write the figures go into their section of bench/RESULTS.md, which `make bench` leaves alone.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop

from bench.__main__ import HEAD, RESULTS
from bench.growth.calls import IN_FLIGHT, calls, prepare, released
from bench.growth.filled import EACH, analyze, fill, lengthen
from bench.load import Ratio, Work, at_least, at_most, compare_rates, medians
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from local.ports import free_base_port

_SMALL: Final = 100
_REACH: Final = {"SetVars": 0.8}
_LONG, _SHORT = 20_000, 20
_SECTION: Final = "## How cost grows"


async def _measure(small: Bench, big: Bench, *, apps: int, pairs: int) -> list[Ratio]:
    try:
        for bench, size in ((small, _SMALL), (big, apps)):
            await prepare(bench)
            fill(bench, apps=size)
        ours, theirs = calls(big, apps=apps), calls(small, apps=_SMALL)
        ratios = await _compare(ours, theirs, "no statistics", pairs=pairs)
        analyze(big)
        analyze(small)
        ratios += await _compare(ours, theirs, "statistics", pairs=pairs)
        return [*ratios, await _histories(big, pairs=pairs)]
    finally:
        await small.close()
        await big.close()


async def _compare(ours: Mapping[str, Work], theirs: Mapping[str, Work], state: str, *, pairs: int) -> list[Ratio]:
    ratios = []
    for name, work in ours.items():
        figures = await compare_rates(work, theirs[name], in_flight=IN_FLIGHT, seconds=1.0, pairs=pairs)
        reach = _REACH.get(name, 0.9)
        ratios.append(at_least(figures, measure=f"{name}, {state}", against="small", unit="req/s", reach=reach))
        print(ratios[-1].line(), flush=True)
    return ratios


async def _histories(bench: Bench, *, pairs: int) -> Ratio:
    for app, versions in (("long", _LONG), ("short", _SHORT)):
        await bench.create_app(app)
        lengthen(bench, app, versions=versions)
    measured = []
    for round_ in range(pairs):
        seconds = [await released(bench, app, round_=round_) for app in ("long", "short")]
        measured.append((seconds[0] * 1000, seconds[1] * 1000))
        await asyncio.sleep(1.0)  # releases of one app are a second apart
    ratio = at_most(
        medians(measured), measure=f"release after {_LONG:,} versions", against=f"{_SHORT}", unit="ms", reach=1.2
    )
    print(ratio.line(), flush=True)
    return ratio


def _write(ratios: Sequence[Ratio], *, apps: int) -> None:
    size = f"{apps:,} apps, {apps * EACH:,} secrets and {apps * EACH:,} events, half of them one tenant's"
    section = [
        f"The latest run of `make bench-growth`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores: a stack with",
        f"{size}, beside one with {_SMALL} apps. {IN_FLIGHT} in flight,",
        "medians of pairs measured one right after the other. Without statistics is as after a restore.",
        "",
        HEAD,
        *(ratio.line() for ratio in ratios),
    ]
    RESULTS.write_text(with_section(RESULTS.read_text(), _SECTION, "\n".join(section)))


def main() -> None:
    """Measure on two stacks of their own, in a temporary folder."""
    arguments = argparse.ArgumentParser(prog="python -m bench.growth")
    arguments.add_argument("--apps", type=int, default=100_000, help="apps of the large stack")
    arguments.add_argument("--pairs", type=int, default=5, help="pairs measured of each call")
    arguments.add_argument("--write", action="store_true", help="keep the figures in bench/RESULTS.md")
    asked = arguments.parse_args()
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder, ExitStack() as stacks:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        benches = []
        for name in ("small", "big"):
            stack = stacks.enter_context(running_stack(Path(folder) / name, base_port=free_base_port()))
            benches.append(Bench(stack, sign_in(stack)))
        ratios = uvloop.run(_measure(benches[0], benches[1], apps=asked.apps, pairs=asked.pairs))
    if asked.write:
        _write(ratios, apps=asked.apps)


if __name__ == "__main__":
    main()
