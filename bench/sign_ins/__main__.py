"""`python -m bench.sign_ins [--write]`: with --write the figures go into their section of bench/RESULTS.md."""

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from bench.__main__ import HEAD, RESULTS
from bench.load import Ratio
from bench.platform import Bench, running_stack, sign_in
from bench.sections import with_section
from bench.sign_ins.check import check, issuer_for_the_stack
from bench.sign_ins.verification import verification
from local.ports import LISTENERS, free_base_port
from tests.fakes.oidc_issuer import OidcIssuer

_HEADING = "## Sign-ins"


def main() -> None:
    """Measure both, on a stack that takes the access tokens of an issuer of its own."""
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        with (
            issuer_for_the_stack(Path(folder) / "issuer") as issuer,
            running_stack(Path(folder) / "state", base_port=free_base_port()) as stack,
        ):
            ratios = uvloop.run(_measure(Bench(stack, sign_in(stack)), issuer))
    print("\n".join(ratio.line() for ratio in ratios))
    if "--write" in sys.argv:
        about = (
            f"The latest run of `make bench-sign-ins`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores, "
            f"Python {platform.python_version()}, everything on one machine.\n"
            "Medians of pairs measured one right after the other."
        )
        table = [HEAD, *(ratio.line() for ratio in ratios)]
        RESULTS.write_text(with_section(RESULTS.read_text(), _HEADING, "\n".join([about, "", *table])))


async def _measure(bench: Bench, issuer: OidcIssuer) -> list[Ratio]:
    try:
        echo_address = f"127.0.0.1:{bench.stack.base_port + len(LISTENERS)}"
        return [await check(bench, issuer), await verification(bench, echo_address)]
    finally:
        await bench.close()


if __name__ == "__main__":
    main()
