"""Having an Envoy end gently: it is unready at once, sends its connections elsewhere, and is then done.

Envoy's own answer to SIGTERM is to end at once, in the middle of what is under way.
"""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PATIENCE_SECONDS: Final = 5.0
_LAST_ANSWERS_SECONDS: Final = 3
# Unready first: nobody is to be sent here while connections are asked to leave.
_STEPS: Final = ("/healthcheck/fail", "/drain_listeners?graceful")


def drain(admin_socket: Path, *, seconds: int, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return once Envoy has drained for `seconds` and what came last has had time to be answered.

    Raises OSError where Envoy can't be asked.
    """
    for path in _STEPS:
        _post(admin_socket, path)
    sleep(seconds + _LAST_ANSWERS_SECONDS)


def _post(admin_socket: Path, path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE_SECONDS)
        connection.connect(str(admin_socket))
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
        )
        status = connection.makefile("rb").readline()
    if status.split(b" ")[1:2] != [b"200"]:
        raise OSError(f"Envoy did not do as it was told ({path}).")
