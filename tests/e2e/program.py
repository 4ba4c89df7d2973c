"""The app that end-to-end tests run: answers with its environment, misbehaves where its variables tell it to.

Stands alone and imports little, so that it starts in a few hundredths of a second. `CRASH` makes it end before it is
ready; `UNHEALTHY` has it answer 503 for ever, and so does the value `bad` in any variable. Asked for `/end`, it ends.
"""

import json
import os
import socket
import sys


def answer(target: str) -> tuple[str, bytes]:
    """The status and body for one request."""
    if target == "/health":
        is_healthy = "UNHEALTHY" not in os.environ and "bad" not in os.environ.values()
        return ("200 OK" if is_healthy else "503 Service Unavailable", b"")
    if target == "/end":
        sys.exit(3)
    return "200 OK", json.dumps({"pid": os.getpid(), "environment": dict(os.environ)}).encode()


def serve(port: int) -> None:
    """Answer one request a connection, for ever."""
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        connection, _ = listener.accept()
        with connection:
            words = connection.recv(65536).split()
            status, body = answer(words[1].decode() if len(words) > 1 else "/")
            head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            connection.sendall(head.encode() + body)


if __name__ == "__main__":
    if "CRASH" in os.environ:
        sys.exit(3)
    serve(int(os.environ["PORT"]))
