"""An HTTP proxy that does what one is needed for: CONNECT (RFC 9110, section 9.3.6), to where a test says names lead.

It sees what any proxy sees: who is asked for, what it is told of who asks, and bytes, which it keeps.
"""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """`leads_to` is the port of this machine where every name leads; `answer` is said in place of making a tunnel.

    `asked` are the targets, `accounts` what Proxy-Authorization had (empty for nothing), `seen` the bytes from clients.
    `account`, where there is one, is what it has to be.
    """

    leads_to: int
    answer: bytes | None = None
    account: str | None = None
    asked: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)
    port: int = 0

    @contextmanager
    def listening(self) -> Iterator["Proxy"]:
        """Listen on a free port of this machine."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        try:
            yield self
        finally:
            listener.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head and (data := client.recv(65536)):
                head += data
            first, *lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            pairs = [line.partition(": ") for line in lines]
            fields = {name.lower(): value for name, _, value in pairs}
            self.asked.append(first)
            given = fields.get("proxy-authorization", "")
            self.accounts.append(given)
            assert fields["host"] == first.split()[1]
            if self.account is not None and given != self.account:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n")
            elif self.answer is not None:
                client.sendall(self.answer)
            else:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self.leads_to)) as target:
            ends = {client: target, target: client}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    try:
                        data = end.recv(65536)
                        ends[end].sendall(data)
                    except OSError:
                        return
                    if not data:
                        return
                    if end is client:
                        self.seen += data
