"""One call, from its headers to its end: what is counted of it, and its span where there are traces.

The gate begins and ends every call here, and nowhere else.
"""

import time
from typing import Any, Final

from prometheus_client import Counter, Gauge

from paaskit.metrics.measured import REQUEST_SECONDS, REQUESTS, REQUESTS_IN_FLIGHT, STREAMS_OPEN
from paaskit.traces import Span, Tracer


class _UnderWay:
    """How many there are now: a plain number, which a gauge looks up when asked, since it changes twice a call."""

    def __init__(self, gauge: Gauge) -> None:
        self.count = 0
        gauge.set_function(lambda: self.count)


_REQUESTS: Final = _UnderWay(REQUESTS_IN_FLIGHT)
_STREAMS: Final = _UnderWay(STREAMS_OPEN)


class Calls:
    """The calls of one method; what they are counted into is looked up once, and not for each."""

    def __init__(self, path: str, *, streams: bool, tracer: Tracer | None = None) -> None:
        self._path = path
        self._tracer = tracer
        self._method = path.removeprefix("/")
        self._under_way = _STREAMS if streams else _REQUESTS
        self._seconds = None if streams else REQUEST_SECONDS.labels(self._method)
        self._codes: dict[str, Counter] = {}

    def began(self, context: Any) -> "Call":
        """A call whose headers came just now; `context` is grpc's."""
        self._under_way.count += 1
        return Call(self, None if self._tracer is None else self._tracer.began(self._path, context))

    def ended(self, code: str, seconds: float) -> None:
        """One of them ended with a code; how long a stream was says nothing."""
        self._under_way.count -= 1
        if self._seconds is not None:
            self._seconds.observe(seconds)
        counter = self._codes.get(code)
        if counter is None:
            counter = self._codes[code] = REQUESTS.labels(self._method, code)
        counter.inc()


class Call:
    """One call under way, until `ended`."""

    def __init__(self, calls: Calls, span: Span | None) -> None:
        self._calls = calls
        self._span = span
        self._began = time.perf_counter()

    def ended(self, code: str) -> None:
        """It ended with this canonical code. Call once."""
        self._calls.ended(code, time.perf_counter() - self._began)
        if self._span is not None:
            self._span.ended(code)
