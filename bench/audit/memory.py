"""How much memory audit has as its log grows, while it appends and publishes without pause."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from bench.audit.clients import SERVICES, TENANTS, batch_of, clients_of
from bench.platform import Bench
from paaskit.outbox.message import MAX_ROWS

EVENTS: Final = (25_000, 50_000, 100_000, 200_000)
_AT_ONCE: Final = len(SERVICES) * MAX_ROWS


async def sizes(bench: Bench) -> AsyncIterator[tuple[int, float]]:
    """Yield how many events there are and how many megabytes audit has then, again and again."""
    clients, done = clients_of(bench), 0
    (pid,) = [part["pid"] for part in bench.stack.status() if part["name"] == "audit"]
    try:
        for events in EVENTS:
            while done < events:
                await clients.send([[batch_of(TENANTS)] for _ in SERVICES])
                done += _AT_ONCE
            yield done, _megabytes(pid)
    finally:
        await clients.close()


def _megabytes(pid: int) -> float:
    (line,) = [each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
