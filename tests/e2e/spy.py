"""An app's program that tries what it is asked to over HTTP, and answers with what came of it, as JSON.

`/read?PATH` opens a file and reads of it, or lists a folder; `/signal?PID` asks whether it may send a signal. Answers
`ok`, or the name of the error. `/self` says who it is.
"""

import errno
import json
import os
import resource
import socket
from urllib.parse import unquote


def read(path: str) -> None:
    """Read a byte of a file, or list a folder. Raises OSError."""
    if os.path.isdir(path):  # noqa: PTH112 - imports little
        os.listdir(path)  # noqa: PTH208
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not path.endswith("/mem"):  # its first page is nobody's
            os.read(descriptor, 1)
    finally:
        os.close(descriptor)


def attempt(what: str, subject: str) -> object:
    """What came of one try."""
    if what == "/self":
        status = dict(line.split(":", 1) for line in open("/proc/self/status", encoding="ascii"))  # noqa: PTH123,SIM115
        wanted = ("Uid", "Gid", "Groups", "NoNewPrivs", "CapEff", "CapPrm", "CapAmb")
        limits = list(resource.getrlimit(resource.RLIMIT_CORE))
        return {"pid": os.getpid(), "core": limits} | {name: status[name].split() for name in wanted}
    try:
        if what == "/signal":
            os.kill(int(subject), 0)
        else:
            read(subject)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "ok"


def serve(port: int) -> None:
    """Answer one request a connection, for ever."""
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    while True:
        connection, _ = listener.accept()
        with connection:
            what, _, subject = connection.recv(65536).split()[1].decode().partition("?")
            body = json.dumps(attempt(what, unquote(subject))).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)


if __name__ == "__main__":
    serve(int(os.environ["PORT"]))
