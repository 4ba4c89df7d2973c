"""The whole service as others meet it: how much it takes from four services at once, beside plain inserts."""

from collections.abc import AsyncIterator
from typing import Final

from bench.audit.clients import SERVICES, TENANTS, batch_of, clients_of
from bench.audit.raw import Plain
from bench.load import Ratio, at_least, medians
from bench.platform import Bench
from paaskit.outbox.message import MAX_ROWS

_REACH: Final = 0.5
_BATCHES: Final = 5
"""That each of the four sends in one measurement."""


async def appends(bench: Bench, *, pairs: int) -> AsyncIterator[Ratio]:
    """Yield how many events a second audit takes."""
    clients, plain = clients_of(bench), Plain(bench.database("audit"))
    log = Plain(bench.database("audit"), into_log=True)
    plain.make()
    cases = [
        (said, tenants, against, inserted)
        for said, tenants in (("of 20 tenants", TENANTS), ("of one tenant", TENANTS[:1]))
        for against, inserted in (("executemany, a plain table", plain), ("executemany, the log's tables", log))
    ]
    try:
        for said, tenants, against, inserted in cases:
            await clients.send(_shares(tenants))
            await inserted.insert(_shares(tenants))
            count = len(SERVICES) * _BATCHES * MAX_ROWS
            measured = [
                (
                    count / await clients.send(_shares(tenants)),
                    count / await inserted.insert(_shares(tenants)),
                )
                for _ in range(pairs)
            ]
            yield at_least(
                medians(measured),
                measure=f"events {said} appended by four services",
                against=against,
                unit="per s",
                reach=_REACH,
            )
    finally:
        await clients.close()


def _shares(tenants: tuple[str, ...]) -> list[list[bytes]]:
    return [[batch_of(tenants) for _ in range(_BATCHES)] for _ in SERVICES]
