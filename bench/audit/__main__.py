"""`python -m bench.audit [--only SECTION] [--events N] [--write]`: asking, appending, and the service as a whole.

Questions of a log of N events beside one of 10,000; appends beside how they were before there were months; and
`paas incident`, the whole command, of a log of N events. Of a whole stack: what four services append beside plain
inserts, how soon checkpoints are signed, audit's memory as its log grows, and reveals beside N events.

With --write the figures go into their section of bench/RESULTS.md, which `make bench` leaves alone.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop

from bench.__main__ import HEAD, RESULTS
from bench.audit import checkpoints, incidents, memory, reveals, served
from bench.audit.appends import measure
from bench.audit.logs import log_of, look
from bench.audit.questions import QUESTIONS, asked
from bench.load import Ratio, at_most, medians, rate
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from local.ports import free_base_port

_SHORT: Final = 10_000
_REACH: Final = 2.0
_SECONDS: Final = 0.25
_SECTIONS: Final = {
    "questions": "## Questions of the audit log",
    "appends": "## Appending to the audit log",
    "incidents": "## Incidents",
    "served": "## Audit as a whole",
}
_FEW: Final = 1_000
# A third to a half of what four services append on two cores that do little else.
_PER_SECOND: Final = 1_000
_SECONDS_OF_LAGS: Final = 20.0
_MOST_RATIO: Final = 1.1


async def _measure(events: int, *, pairs: int) -> list[Ratio]:
    ratios = []
    async with log_of(_SHORT) as (small_server, small), log_of(events) as (large_server, large):
        for state in ("no statistics", "statistics"):
            if state == "statistics":
                for server in (small_server, large_server):
                    look(server, "ANALYZE")
            for question in QUESTIONS:
                ours, theirs = asked(large, question), asked(small, question)
                await rate(ours, in_flight=1, seconds=_SECONDS)
                await rate(theirs, in_flight=1, seconds=_SECONDS)
                measured = [
                    (
                        1000 / await rate(ours, in_flight=1, seconds=_SECONDS),
                        1000 / await rate(theirs, in_flight=1, seconds=_SECONDS),
                    )
                    for _ in range(pairs)
                ]
                measure = f"{question}, {state}"
                ratios.append(
                    at_most(medians(measured), measure=measure, against=f"{_SHORT:,}", unit="ms", reach=_REACH)
                )
                print(ratios[-1].line(), flush=True)
    return ratios


async def _measure_appends(*, pairs: int) -> list[Ratio]:
    ratios = []
    async for ratio in measure(pairs=pairs):
        ratios.append(ratio)
        print(ratio.line(), flush=True)
    return ratios


def _measure_incidents(events: int) -> list[incidents.Row]:
    print(incidents.HEAD, flush=True)
    rows = []
    for row in incidents.measure(events):
        rows.append(row)
        print(row.line(), flush=True)
    return rows


def _write_incidents(rows: Sequence[incidents.Row], *, events: int) -> None:
    about = (
        f"The latest run of `make bench-audit`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores: "
        f"`paas incident`, from its cold start to its\nlast line, of a log of {events:,} events, three of five of them "
        f"reveals by one token of two thousand secrets of {incidents.APPS} apps.\nMedians of three runs. CPU is of the "
        "command and of everything behind it. Without statistics is as after a restore."
    )
    section = "\n".join([about, "", incidents.HEAD, *(row.line() for row in rows)])
    RESULTS.write_text(with_section(RESULTS.read_text(), _SECTIONS["incidents"], section))


def _measure_served(*, events: int, pairs: int) -> list[Ratio]:
    with _bench() as bench:
        ratios = uvloop.run(_measure_load(bench, pairs=pairs))
    with _bench() as bench:
        ratios.append(_said(uvloop.run(_measure_memory(bench))))
    with _bench() as large, _bench() as small:
        ratios.append(_said(uvloop.run(reveals.beside_few(large, small, events=events, few=_FEW, pairs=pairs))))
    return ratios


async def _measure_load(bench: Bench, *, pairs: int) -> list[Ratio]:
    ratios = [_said(ratio) async for ratio in served.appends(bench, pairs=pairs)]
    lags = checkpoints.lags(bench, events_per_second=_PER_SECOND, seconds=_SECONDS_OF_LAGS)
    return ratios + [_said(ratio) async for ratio in lags]


async def _measure_memory(bench: Bench) -> Ratio:
    sizes = [size async for size in memory.sizes(bench)]
    (first, before), (last, after) = sizes[0], sizes[-1]
    measure, reach = f"memory of audit after {last:,} events", f"≤ {_MOST_RATIO:g}"
    return Ratio(measure, f"{first:,}", "MB", after, before, after / before, reach, after / before <= _MOST_RATIO)


def _said(ratio: Ratio) -> Ratio:
    print(ratio.line(), flush=True)
    return ratio


@contextmanager
def _bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        with running_stack(Path(folder) / "state", base_port=free_base_port()) as stack:
            yield Bench(stack, sign_in(stack))


def _write(what: str, ratios: Sequence[Ratio], *, events: int) -> None:
    run = f"The latest run of `make bench-audit`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores:"
    said = {
        "questions": f"{run} a page of\nfifty of a log of {events:,} events of 24 months beside one of "
        f"{_SHORT:,} of the same, one question at a time, as the\nservice asks its database; medians of pairs "
        "measured one right after the other. Without "
        "statistics is as after a restore.",
        "appends": f"{run} one batch\nafter the other by one client, beside the release of before there were "
        "months (migration 0006), a batch of each in turn;\nmedians. The database waits for no disk here, so that "
        "what it does shows.",
        "served": f"{run} a whole\nstack, whose database waits for the disk, over mutual TLS; batches of 200 as relays "
        "send them, each client one after the\nother. Medians of pairs measured one right after the other. A lag is "
        "from when the sender was told that an event is\ncommitted to the first checkpoint that has it; theirs is the "
        "median.",
    }
    section = "\n".join([said[what], "", HEAD, *(ratio.line() for ratio in ratios)])
    RESULTS.write_text(with_section(RESULTS.read_text(), _SECTIONS[what], section))


def main() -> None:
    """Measure in databases of its own."""
    arguments = argparse.ArgumentParser(prog="python -m bench.audit")
    arguments.add_argument("--only", choices=list(_SECTIONS), help="measure one of them")
    arguments.add_argument("--events", type=int, default=1_000_000, help="events of the long log")
    arguments.add_argument("--pairs", type=int, default=7, help="pairs measured of each question")
    arguments.add_argument("--write", action="store_true", help="keep the figures in bench/RESULTS.md")
    given = arguments.parse_args()
    for what in [given.only] if given.only else _SECTIONS:
        if what == "incidents":
            rows = _measure_incidents(given.events)
            if given.write:
                _write_incidents(rows, events=given.events)
            continue
        print(HEAD, flush=True)
        if what == "questions":
            ratios = uvloop.run(_measure(given.events, pairs=given.pairs))
        elif what == "appends":
            ratios = uvloop.run(_measure_appends(pairs=given.pairs))
        else:
            ratios = _measure_served(events=given.events, pairs=given.pairs)
        if given.write:
            _write(what, ratios, events=given.events)


if __name__ == "__main__":
    main()
