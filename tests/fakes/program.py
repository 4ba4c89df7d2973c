"""An app's program: answers every request on $PORT with its environment as JSON. Bends by variables:

CRASH ends it at once with that code, from the instance CRASH_FROM on; SLOW delays listening by that many seconds; GATE
names a file that instances from the first, or from GATE_FROM, wait for before they listen; STUBBORN ignores SIGTERM;
LINGER takes that many seconds to end after it, and leaves `last-words` in its home; UNHEALTHY answers 503; FATES is the
address and port of what is asked whether it becomes ready, waited for, or ends; LISTEN is an address other than the
loopback one to listen on. Imports little, so that it starts quickly: run it with `python -S -E`.
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
    if "CRASH" in environment and int(environment["PAAS_INSTANCE"]) >= int(environment.get("CRASH_FROM", "1")):
        sys.exit(int(environment["CRASH"]))
    if os.getpid() == 1:
        # The first process of a container: the kernel ends it by no signal that it does not take itself.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if "STUBBORN" in environment:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "LINGER" in environment:
        signal.signal(signal.SIGTERM, lambda *_: _linger(float(environment["LINGER"]), home=environment["HOME"]))
    time.sleep(float(environment.get("SLOW", "0")))
    if "GATE" in environment and int(environment["PAAS_INSTANCE"]) >= int(environment.get("GATE_FROM", "1")):
        while not os.access(environment["GATE"], os.F_OK):
            time.sleep(0.01)
    if "FATES" in environment and not _becomes_ready(environment):
        sys.exit(1)
    quoted = ",".join(f"{_quote(name)}:{_quote(value)}" for name, value in environment.items())
    body = f"{{{quoted}}}".encode()
    status = b"503 no" if "UNHEALTHY" in environment else b"200 OK"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((environment.get("LISTEN", "127.0.0.1"), int(environment["PORT"])))
        listener.listen(64)
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


def _becomes_ready(environment: dict[str, str]) -> bool:
    host, _, port = environment["FATES"].partition(":")
    # A pod has a name that is of no other; of a process of this machine its instance's number says who it is.
    who = environment.get("HOSTNAME") or environment["PAAS_INSTANCE"]
    with socket.create_connection((host, int(port))) as asked:
        asked.sendall(f"{environment['PAAS_RELEASE']} {who}\n".encode())
        return asked.recv(16) == b"ready"


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
