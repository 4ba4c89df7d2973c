"""`python -m bench [--write]`: measure everything and print it; with --write also into bench/RESULTS.md."""

import asyncio
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bench import footprint, releases, requests_per_second
from bench.load import Ratio
from bench.platform import Bench, running_stack, sign_in
from local.ports import LISTENERS, free_base_port

RESULTS = Path(__file__).parent / "RESULTS.md"
_NOTES = "\n## "
HEAD = "| measure | ours | against | theirs | ratio | reach | |\n| --- | --- | --- | --- | --- | --- | --- |"


async def _measure(bench: Bench) -> list[Ratio]:
    echo_address = f"127.0.0.1:{bench.stack.base_port + len(LISTENERS)}"
    try:
        return [
            await _said(requests_per_second.list_vars(bench, echo_address)),
            await _said(requests_per_second.reveal(bench, echo_address)),
            await _said(requests_per_second.set_vars(bench)),
            await _said(requests_per_second.set_vars(bench, tenants=requests_per_second.IN_FLIGHT)),
            await _said(releases.rolling_restart(bench)),
            await _said(releases.many_variables(bench)),
        ]
    finally:
        await bench.close()


async def _said(measuring: "asyncio.Future[Ratio] | object") -> Ratio:
    ratio: Ratio = await measuring  # type: ignore[misc]  # a coroutine
    print(ratio.line(), flush=True)
    return ratio


def main() -> None:
    """Run every benchmark on a stack of its own."""
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        with running_stack(Path(folder) / "state", base_port=free_base_port()) as stack:
            token = sign_in(stack)
            ratios = uvloop.run(_measure(Bench(stack, token)))
            sizes = footprint.measure(stack)
    print("\n".join(["", *sizes.lines()]))
    if "--write" in sys.argv:
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, client and servers on the same machine"
        lines = [
            "# Results",
            "",
            f"The latest run of `make bench`, {datetime.now(UTC):%Y-%m-%d}, on {machine}.",
            "Each ratio is the median of pairs measured one right after the other; see `bench/load.py`.",
            "",
            HEAD,
            *(ratio.line() for ratio in ratios),
            "",
            "| the whole stack | | aim |",
            "| --- | --- | --- |",
            *sizes.lines(),
        ]
        # What a person wrote below the figures stays, to be looked at again.
        _, heading, notes = RESULTS.read_text().partition(_NOTES)
        RESULTS.write_text("\n".join(lines) + "\n" + heading + notes)


if __name__ == "__main__":
    main()
