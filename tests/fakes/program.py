"""An app's program: answers every request on $PORT with its environment as JSON. Bends by variables:

CRASH ends it at once with that code; SLOW delays listening by that many seconds; GATE names a file that instances from
the first, or from GATE_FROM, wait for before they listen; STUBBORN ignores SIGTERM; LINGER takes that many seconds to
end after it, and leaves `last-words` in its home; UNHEALTHY answers 503. Imports little, so that it starts quickly: run
it with `python -S -E`.
"""

import os
import signal
import socket
import sys
import time


def main() -> None:
    """Serve until ended."""
    environment = dict(os.environ)
    sys.stdout.write(f"started {environment.get('PAAS_RELEASE')}\n")
    sys.stdout.flush()
    if "CRASH" in environment:
        sys.exit(int(environment["CRASH"]))
    if "STUBBORN" in environment:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "LINGER" in environment:
        signal.signal(signal.SIGTERM, lambda *_: _linger(float(environment["LINGER"]), home=environment["HOME"]))
    time.sleep(float(environment.get("SLOW", "0")))
    if "GATE" in environment and int(environment["PAAS_INSTANCE"]) >= int(environment.get("GATE_FROM", "1")):
        while not os.access(environment["GATE"], os.F_OK):
            time.sleep(0.01)
    quoted = ",".join(f"{_quote(name)}:{_quote(value)}" for name, value in environment.items())
    body = f"{{{quoted}}}".encode()
    status = b"503 no" if "UNHEALTHY" in environment else b"200 OK"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(environment["PORT"])))
        listener.listen(64)
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


def _linger(seconds: float, *, home: str) -> None:
    time.sleep(seconds)
    with open(f"{home}/last-words", "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib takes long to import
        file.write("done")
    os._exit(0)


def _quote(text: str) -> str:
    escaped = "".join(f"\\u{ord(c):04x}" if c in '"\\' or ord(c) < 32 else c for c in text)
    return f'"{escaped}"'


if __name__ == "__main__":
    main()
