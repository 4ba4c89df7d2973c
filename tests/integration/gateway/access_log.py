"""The access log as tests read it."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.fixtures.waiting import until
from tests.integration.gateway.conftest import Gateway


class Log:
    """What the access log says of the calls that began since this was made; others may be written down after it."""

    def __init__(self, gateway: Gateway) -> None:
        self._path = gateway.access_log
        self._before = len(self._whole())
        now = datetime.now(UTC)
        self._since = now.replace(microsecond=now.microsecond // 1000 * 1000)  # Envoy writes milliseconds

    def lines(self) -> list[dict[str, Any]]:
        """One for each call that has ended."""
        lines = [json.loads(line) for line in self._whole()[self._before :]]
        return [line for line in lines if datetime.fromisoformat(line["time"]) >= self._since]

    def flags(self) -> Counter[str]:
        """How often which flags are on a line."""
        return Counter(line["flags"] for line in self.lines())

    def _whole(self) -> list[bytes]:
        """The lines that are written to their end; Envoy writes a block at a time."""
        return self._path.read_bytes().split(b"\n")[:-1]

    async def of(self, count: int) -> "Counter[str]":
        """The flags, once there are so many lines."""
        await until(lambda: len(self.lines()) >= count)
        return self.flags()
