"""`python -m bench.kubernetes [--write]`: in the cluster that KUBECONFIG names, or in one of ours.

With --write the figures go into their section of bench/RESULTS.md.
"""

import asyncio
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bench.__main__ import HEAD, RESULTS
from bench.footprint import memory_of
from bench.kubernetes.raw import RawApps
from bench.kubernetes.releases import APPS, OurApps, Watch, namespaces
from bench.load import Ratio, at_least, at_most, medians
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from local.ports import free_base_port
from services.releaser.cluster import Cluster as Api
from tests.kubernetes.cluster.cluster import Cluster

_HEADING = "## On Kubernetes"
_RAW_NAMESPACE = "bench-raw"
_PAIRS = 7
_KNOWN = int(os.environ.get("PAAS_BENCH_KNOWN", "1000"))
_MOST_MEGABYTES = 150
# Seconds between two changes of one app, so that its next release need not wait.
_SPACING = 1.5


def main() -> None:
    """Measure everything on a stack of its own."""
    with _cluster() as cluster, tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        for namespace in (_RAW_NAMESPACE, *namespaces()):
            cluster.kubectl("create", "namespace", namespace)
        try:
            with running_stack(
                Path(folder) / "state", base_port=free_base_port(), kubeconfig=cluster.kubeconfig
            ) as stack:
                print(HEAD, flush=True)
                ratios = uvloop.run(_measure(OurApps.of(Bench(stack, sign_in(stack))), cluster))
                megabytes = memory_of(stack, "releaser")
        finally:
            cluster.kubectl("delete", "namespace", "--wait=false", _RAW_NAMESPACE, *namespaces())
    memory = f"| releaser with {_KNOWN:,} apps known | {megabytes:.0f} MB | under {_MOST_MEGABYTES} MB |"
    print(memory)
    if "--write" in sys.argv:
        about = (
            f"The latest run of `make bench-kubernetes`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores, "
            f"Python {platform.python_version()}, the whole cluster on the same machine.\nApps have no instances: "
            "what images and programs take is not ours. A release makes three calls, which\n"
            "`tests/kubernetes/faults` counts."
        )
        table = [HEAD, *(ratio.line() for ratio in ratios), "", "| memory | | aim |", "| --- | --- | --- |", memory]
        RESULTS.write_text(with_section(RESULTS.read_text(), _HEADING, "\n".join([about, "", *table])))


@contextmanager
def _cluster() -> Iterator[Cluster]:
    if given := os.environ.get("KUBECONFIG"):
        yield Cluster(Path(given))
        return
    with Cluster.temporary() as found:
        yield found


async def _measure(ours: OurApps, cluster: Cluster) -> list[Ratio]:
    api = await Api.connect(str(cluster.kubeconfig))
    try:
        raw = RawApps(api, _RAW_NAMESPACE)
        await ours.create()
        for number in range(APPS):
            await raw.create(number)
        ratios = [await _rates(ours, raw), await _delays(ours, raw, Watch(api, namespaces()[0]))]
        await ours.many(_KNOWN)
        return ratios
    finally:
        await api.close()
        await ours.bench.close()


async def _rates(ours: OurApps, raw: RawApps) -> Ratio:
    pairs = []
    for _ in range(_PAIRS + 1):
        await asyncio.sleep(_SPACING)
        start = time.perf_counter()
        await asyncio.gather(*map(raw.change, range(APPS)))
        theirs = time.perf_counter() - start
        pairs.append((APPS / await ours.all_at_once(), APPS / theirs))
    figures = medians(pairs[1:])
    measure = f"releases, {APPS} apps changing at once"
    return _said(at_least(figures, measure=measure, against="Secret + patch", unit="per s", reach=0.6))


async def _delays(ours: OurApps, raw: RawApps, watch: Watch) -> Ratio:
    watching = asyncio.create_task(watch.run())
    pairs = []
    for _ in range(3 * _PAIRS):
        await asyncio.sleep(_SPACING)
        start = time.perf_counter()
        await raw.change(0)
        theirs = time.perf_counter() - start
        pairs.append((await ours.until_patched(watch) * 1000, theirs * 1000))
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    measure = "config:set acknowledged → Deployment patched"
    return _said(at_most(medians(pairs), measure=measure, against="Secret + patch", unit="ms", reach=3.0))


def _said(ratio: Ratio) -> Ratio:
    print(ratio.line(), flush=True)
    return ratio


if __name__ == "__main__":
    main()
