"""`python -m bench.peers [--write]`: measure beside OpenBao; with --write also into bench/RESULTS.md."""

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.load import Ratio, at_least, at_most
from bench.peers import openbao, report, wrk
from bench.peers.hops import Meter, Spent
from bench.peers.ours import Ours
from bench.peers.pairs import Paired, measure, rates
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from local.ports import LISTENERS, free_base_port

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
_ABOUT = """\
The latest run of `make bench-peers`, {day:%Y-%m-%d}, on {cores} cores, Python {python}, everything on one machine: an
audited read through our gateway (gRPC-web, the token looked up once a second, the event committed to PostgreSQL) beside
OpenBao's (KV version 2 in memory, a file audit device). Both are sent over plain HTTP/1.1 by wrk, one right after the
other; medians of pairs."""
_CROWD = 16
_NAMES = [f"KEY_{number}" for number in range(50)]


def main() -> None:
    """Run every comparison on a stack and an OpenBao of their own."""
    if not openbao.is_installed():
        sys.exit("OpenBao is not installed: use `make bench-peers`.")
    if not wrk.is_there():
        print(
            "wrk is not on this machine, and all of the load is wrk's: every row is left out. Install it and try again."
        )
        return
    print(report.TABLE_HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        base_port = free_base_port()
        with (
            running_stack(Path(folder) / "state", base_port=base_port) as stack,
            openbao.running_openbao(Path(folder) / "openbao", port=base_port + len(LISTENERS)) as theirs,
        ):
            ours = Ours(Bench(stack, sign_in(stack)))
            values = {name: f"sk_live_{name:x<32}" for name in _NAMES}
            asyncio.run(ours.put(values))
            theirs.put("one", {"KEY": values[_NAMES[0]]})
            theirs.put("fifty", values)
            meter = Meter(stack, theirs.pid)
            ratios, cpu = _measure(ours, theirs, meter)
            ratios.append(_two_workers(ours, Path(folder) / "two", values))
    about = _ABOUT.format(day=datetime.now(UTC), cores=os.cpu_count(), python=platform.python_version())
    text = report.body(ratios, cpu, about=about)
    print(text.partition(report.TABLE_HEAD)[2].partition("\n\n")[2])
    if "--write" in sys.argv:
        RESULTS.write_text(with_section(RESULTS.read_text(), report.HEADING, text))


def _measure(ours: Ours, theirs: openbao.OpenBao, meter: Meter) -> tuple[list[Ratio], dict[str, tuple[Spent, Spent]]]:
    """Return the ratios, and the CPU of both sides by what was asked."""
    one, fifty = ours.read(_NAMES[:1]), ours.read(_NAMES)
    crowd = measure(one, theirs.read("one"), meter, connections=_CROWD)
    of_crowd = _throughput(crowd, measure=f"one value, audited, {_CROWD} at once", reach=0.6)
    ratios = [_said(replace(of_crowd, reach="≥ 0.60, aim 0.80"))]
    alone = measure(one, theirs.read("one"), meter, connections=1)
    figures = alone.medians_of(lambda load: load.p50_ms)
    ratios.append(
        _said(at_most(figures, measure="the same alone, half are done in", against="OpenBao", unit="ms", reach=3.0))
    )
    many = measure(fifty, theirs.read("fifty"), meter, connections=_CROWD)
    ratios.append(_said(_throughput(many, measure=f"{len(_NAMES)} values in one call, {_CROWD} at once", reach=0.6)))
    paired = {f"one value, {_CROWD} at once": crowd, "one value, alone": alone, f"{len(_NAMES)} values": many}
    return ratios, {asked: (each.ours, each.theirs) for asked, each in paired.items()}


def _two_workers(one: Ours, folder: Path, values: Mapping[str, str]) -> Ratio:
    """The first row's read, of a stack with two processes of each service beside the one with one."""
    with running_stack(folder, base_port=free_base_port(workers=2), workers=2) as stack:
        two = Ours(Bench(stack, sign_in(stack)))
        asyncio.run(two.put(values))
        figures = rates(two.read(_NAMES[:1]), one.read(_NAMES[:1]), connections=_CROWD)
    return _said(
        at_least(figures, measure="one value, two processes of each service", against="one", unit="req/s", reach=1.0)
    )


def _throughput(paired: Paired, *, measure: str, reach: float) -> Ratio:
    figures = paired.medians_of(lambda load: load.rate)
    return at_least(figures, measure=measure, against="OpenBao", unit="req/s", reach=reach)


def _said(ratio: Ratio) -> Ratio:
    print(ratio.line(), flush=True)
    return ratio


if __name__ == "__main__":
    main()
