"""Whom the facts are asked of. A terminal asks with its session, a page as whoever visits it: each has its own source.

What may be asked, and in which order, is the same for both. A source is called by several threads at once.
"""

from typing import Protocol, TypeVar

from paas_transport.grpcweb import Decodable, Encodable

Answer = TypeVar("Answer", bound=Decodable)


class Source(Protocol):
    """Asks the gateway. What it raises where that fails goes through to whoever wants the facts."""

    def now(self) -> float:
        """Seconds since 1970."""

    def read(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer:
        """Ask `path` something that changes nothing."""

    def find(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer | None:
        """The same, and None where what is asked for is not there."""
