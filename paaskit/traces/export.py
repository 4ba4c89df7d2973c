"""Switching traces on: the collector's address, and the packages that only a process with traces needs."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from paaskit.settings import SettingsError
from paaskit.traces.carried import Tracer

_ENDPOINT: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+:[0-9]{1,5}\Z", re.ASCII)


@asynccontextmanager
async def exported(endpoint: str, *, service: str) -> AsyncIterator[Tracer | None]:
    """What makes spans of a service for the block, sending them to `endpoint`; None where that is empty.

    What is not sent when the block ends is sent within two seconds, or dropped. Raises SettingsError where `endpoint`
    is none, or the packages are missing.
    """
    if not endpoint:
        yield None
        return
    if not _ENDPOINT.match(endpoint):
        raise SettingsError(
            "PAAS_TRACES_ENDPOINT is unusable: it is where a collector takes OTLP over gRPC, "
            "http://host:port or https://host:port."
        )
    try:
        from paaskit.traces.spans import Exporter, Spans
    except ImportError:
        raise SettingsError(
            "PAAS_TRACES_ENDPOINT is set, and OpenTelemetry is not installed: install the dependency group `traces`, "
            "or leave the setting empty."
        ) from None
    exporter = Exporter(endpoint, service=service)
    try:
        yield Spans(exporter.provider)
    finally:
        await asyncio.to_thread(exporter.close)
