"""Talking to the supervisor: one JSON object a line over a unix socket in the state folder.

The socket is reached through the folder's descriptor, because a socket's path may have 107 bytes only.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOCKET = "control.sock"


@contextmanager
def socket_address(folder: Path) -> Iterator[str]:
    """A short path of the control socket in `folder`, valid inside the `with`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


def listen(folder: Path) -> socket.socket:
    """The supervisor's end: a listening socket that only this user can connect to."""
    (folder / SOCKET).unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with socket_address(folder) as address:
            server.bind(address)
    finally:
        os.umask(before)
    server.listen(16)
    return server


def connect(folder: Path) -> socket.socket | None:
    """A connection to the supervisor, or None where none runs."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket_address(folder) as address:
            client.connect(address)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        client.close()
        return None
    return client


def ask(folder: Path, request: Mapping[str, Any], *, timeout: float = 60) -> dict[str, Any] | None:
    """The supervisor's answer to one request, or None where no supervisor runs or it ended meanwhile."""
    client = connect(folder)
    if client is None:
        return None
    with client, client.makefile("rb") as lines:
        client.settimeout(timeout)
        try:
            client.sendall(encode(request))
            line = lines.readline()
        except (ConnectionResetError, BrokenPipeError):
            return None
    return decode(line) if line else None


class Attendance:
    """A connection over which a starter starts parts and hears of those that die.

    When it closes before `keep`, the supervisor stops everything: a half-started stack is not left behind.
    """

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._lines = client.makefile("rb")
        self.exits: list[dict[str, Any]] = []

    def request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request. Raises ConnectionError where the supervisor is gone."""
        self._client.sendall(encode(request))
        while True:
            line = self._lines.readline()
            if not line:
                raise ConnectionResetError
            message = decode(line)
            if "exited" not in message:
                return message
            self.exits.append(message)

    def take_exit(self) -> dict[str, Any] | None:
        """A part that died since the last call, if any."""
        if not self.exits:
            self.request({"do": "status"})
        return self.exits.pop(0) if self.exits else None

    def close(self) -> None:
        """Ends the connection."""
        self._lines.close()
        self._client.close()


def encode(message: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message in one line. Raises ValueError for anything but a JSON object."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise TypeError("not an object")
    return message
