"""What the rest knows of traces, without a library: that calls have spans, and what travels with a call to the next.

Where traces are off nothing is ever entered, so a call carries nothing and costs one look at a context variable.
"""

from contextvars import ContextVar
from typing import Any, Final, Protocol

HEADER: Final = "traceparent"
"""W3C Trace Context: the trace, the span that called, and whether it is kept; two numbers and a flag."""

_current: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("paas_traceparent", default=())


class Span(Protocol):
    """One call under way."""

    def ended(self, code: str) -> None:
        """It ended with this canonical code. Call once."""


class Tracer(Protocol):
    """What makes spans."""

    def began(self, path: str, context: Any) -> Span:
        """Return the span of a call of a method of the contract, `/package.Service/Method`, and enter it.

        `context` is grpc's, in whose metadata the caller's span is.
        """


def enter(traceparent: str) -> None:
    """Have what the current request calls carry its span along."""
    _current.set(((HEADER, traceparent),))


def carried() -> tuple[tuple[str, str], ...]:
    """Return the metadata that carries the current request's span along to another service; empty without one."""
    return _current.get()
