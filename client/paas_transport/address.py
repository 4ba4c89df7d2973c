"""The gateway's address: `https://host[:port]`, or plain http to this very machine.

Parsed by hand because `urllib.parse` costs more to import than the whole parser. Must not look names up.
"""

import re
from typing import NamedTuple

_ADDRESS = re.compile(r"(https?)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


class Unusable(ValueError):
    """An address to which nothing is sent. The text is a sentence for people, and has no word of a proxy's account."""


class Address(NamedTuple):
    """Where a gateway listens."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """`host:port` as the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine, where no one else can listen in."""
        return _LOOPBACK.fullmatch(self.host) is not None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def parse(text: str, *, source: str) -> Address:
    """Read an address that came from `source`. Raises Unusable where a token could not travel safely."""
    match = _ADDRESS.fullmatch(text.strip())
    if match is None:
        raise Unusable(
            f"The gateway address from {source} is not an address like https://gateway.example.com; correct it."
        )
    scheme, host = match.group(1), match.group(2).strip("[]")
    port = int(match.group(3) or (443 if scheme == "https" else 80))
    if not 0 < port < 65536:
        raise Unusable(f"The gateway address from {source} has a port above 65535; correct it.")
    address = Address(scheme, host, port)
    if scheme == "http" and not address.is_loopback:
        raise Unusable(
            f"The gateway address from {source} is plain http to another machine, where a token could be read on "
            "the way; use https."
        )
    return address
