"""`python -m bench.keys [--write]`: with --write the figures go into their section of bench/RESULTS.md."""

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bench.__main__ import HEAD, RESULTS
from bench.keys.rotation import rotation
from bench.keys.sealing import sealing
from bench.load import Ratio
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from local.ports import free_base_port

_HEADING = "## Keys"


def main() -> None:
    """Measure everything, the rotation on a stack of its own."""
    print(HEAD, flush=True)
    ratios = sealing()
    print("\n".join(ratio.line() for ratio in ratios), flush=True)
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        with running_stack(Path(folder) / "state", base_port=free_base_port()) as stack:
            ratios.insert(0, uvloop.run(_measure(Bench(stack, sign_in(stack)))))
    print(ratios[0].line(), flush=True)
    if "--write" in sys.argv:
        about = (
            f"The latest run of `make bench-keys`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores, "
            f"Python {platform.python_version()}, everything on one machine.\n"
            "Medians of pairs measured one right after the other."
        )
        table = [HEAD, *(ratio.line() for ratio in ratios)]
        RESULTS.write_text(with_section(RESULTS.read_text(), _HEADING, "\n".join([about, "", *table])))


async def _measure(bench: Bench) -> Ratio:
    try:
        return await rotation(bench, "bench")
    finally:
        await bench.close()


if __name__ == "__main__":
    main()
