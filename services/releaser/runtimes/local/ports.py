"""Ports for instances: none is handed out twice on one machine, whoever hands it out."""

import socket
from collections.abc import Collection
from contextlib import suppress
from random import SystemRandom
from typing import Final

# Below the range that the kernel gives to outgoing connections, so that none of those is in the way.
_FIRST_PORT: Final = 20_000
_PORTS: Final = 10_000


def claim_port(taken: Collection[int]) -> tuple[int, socket.socket]:
    """Return a port of 127.0.0.1 that nobody listens on and that is not in `taken`. Raises OSError if there is none.

    Until the socket that comes with it is closed no other releaser of this machine is given the port: a program takes
    a while to listen on it, and to a look from outside it is free until then.
    """
    first = SystemRandom().randrange(_PORTS)
    for offset in range(_PORTS):
        port = _FIRST_PORT + (first + offset) % _PORTS
        if port in taken:
            continue
        # A name in Linux's abstract namespace: one holder at a time, and gone with its process.
        claim = socket.socket(socket.AF_UNIX)
        with suppress(OSError), socket.socket() as candidate:
            claim.bind(f"\0paas-releaser-port-{port}")
            candidate.bind(("127.0.0.1", port))
            return port, claim
        claim.close()
    raise OSError("no free port")
