"""`python -m bench.dashboard [--write]`: with --write the figures go into their section of bench/RESULTS.md."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx2
import uvloop

from bench.__main__ import HEAD, RESULTS
from bench.dashboard.browser import PAGES, Seen, seen
from bench.dashboard.pages import page_beside_its_calls
from bench.footprint import memory_of
from bench.load import Ratio
from bench.platform import running_stack, sign_in
from bench.sections import with_section
from dashboard.calls.caller import Caller
from local.ports import DASHBOARD, FOR_DASHBOARD, HOST, free_base_port, port_of
from local.signin import cli_environment
from local.stack import Stack
from paaskit.channels import open_channel
from paaskit.settings import TlsSettings

_HEADING: Final = "## The dashboard"
_APP: Final = "large"
_ROWS: Final = 500
_PAAS: Final = str(Path(sys.executable).with_name("paas"))


def main() -> None:
    """Measure, on a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="paas-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103, PTH101  # PostgreSQL's own account has to pass through
        with running_stack(Path(folder) / "state", base_port=free_base_port()) as stack:
            token = sign_in(stack)
            environment = cli_environment(stack, token, home=Path(folder)) | {"PAAS_APP": _APP}
            _fill(environment)
            ratio = uvloop.run(_pages(stack, token, _link(environment)))
            looks = seen(stack.gateway_url, _link(environment), _APP, environment)
            memory = memory_of(stack, DASHBOARD)
    lines = _lines(ratio, looks, memory)
    print("\n".join(lines))
    if "--write" in sys.argv:
        about = (
            f"The latest run of `make bench-dashboard`, {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores, "
            f"Python {platform.python_version()}, browser and servers on the same machine."
        )
        RESULTS.write_text(with_section(RESULTS.read_text(), _HEADING, "\n".join([about, "", *lines])))


def _fill(environment: dict[str, str]) -> None:
    _paas(environment, "apps:create", _APP, "--instances", "0", "--", "x")
    names = (f"NAME_OF_A_VARIABLE_{index}=value {index}" for index in range(_ROWS - 51))
    _paas(environment, "config:set", "N=none yet", *names)
    _paas(environment, "secrets:set", *(f"NAME_OF_A_SECRET_{index}=value {index}" for index in range(50)))


async def _pages(stack: Stack, token: str, link: str) -> Ratio:
    tls = stack.layout.tls
    files = TlsSettings(
        tls_cert_file=tls / f"{DASHBOARD}.pem", tls_key_file=tls / f"{DASHBOARD}.key", tls_ca_file=tls / "ca.pem"
    )
    address = f"{HOST}:{port_of(FOR_DASHBOARD, base_port=stack.base_port)}"
    channel = open_channel(address, service="gateway", tls=files)
    headers = {"sec-fetch-site": "same-origin"}
    async with httpx2.AsyncClient(base_url=stack.gateway_url, headers=headers) as client:
        code = httpx2.URL(f"?{link.partition('#')[2]}").params["code"]
        taken = await client.post(f"{PAGES}sign-in/link", data={"code": code})
        cookie = taken.headers["set-cookie"].partition(";")[0]
        client.headers["cookie"] = cookie
        caller = Caller(channel, bearer=token, address="127.0.0.1")
        ratio = await page_beside_its_calls(client, f"{PAGES}apps/{_APP}", caller, _APP, rows=_ROWS)
    await channel.close()
    return ratio


def _lines(ratio: Ratio, looks: Seen, memory: float) -> list[str]:
    return [
        HEAD,
        ratio.line(),
        "",
        "| what a browser sees | | aim |",
        "| --- | --- | --- |",
        f"| first contentful paint of that page | {looks.first_paint_ms:.0f} ms | at most 300 ms |",
        f"| sent for it, with nothing cached | {looks.kilobytes:.0f} KB | at most 100 KB |",
        f"| an event of the command line on the audit page, 50 of 100 | {looks.event_p50_ms:.0f} ms | |",
        f"| the same, 99 of 100 | {looks.event_p99_ms:.0f} ms | at most 1,000 ms |",
        f"| memory of the dashboard afterwards | {memory:.0f} MB | at most 80 MB |",
    ]


def _link(environment: dict[str, str]) -> str:
    return str(json.loads(_paas(environment, "open", "apps", "--json"))["url"])


def _paas(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([_PAAS, *arguments], env=environment, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
