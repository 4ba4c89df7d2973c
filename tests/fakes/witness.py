"""A witness on a real socket: the logic of `transparency.witness`, what it saw in memory, and how it may fail."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from paaskit.ed25519 import Ed25519, Ed25519Signer
from transparency.notes.keys import Kind, VerifierKey
from transparency.witness import Answer, Kept, Witness, add_checkpoint

NOW = 1_777_900_000


@dataclass
class FakeWitness:
    """What it keeps, what it was asked, and what it answers instead, if anything."""

    name: str
    logs: dict[str, list[VerifierKey]] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    instead: Answer | None = None
    hold: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self._signer = Ed25519Signer(Ed25519PrivateKey.generate())
        self._turn = threading.Lock()
        self.key = VerifierKey(self.name, Kind.COSIGNATURE, self._signer.public_key)
        self.hold.set()

    def latest(self, origin: str) -> Kept | None:
        """What is kept of a log."""
        return self.kept.get(origin)

    def replace(self, origin: str, *, before: Kept | None, after: Kept) -> bool:
        """Keep it where nothing else was kept meanwhile."""
        with self._turn:
            if self.kept.get(origin) != before:
                return False
            self.kept[origin] = after
            return True

    def answer(self, body: bytes) -> Answer:
        """What it says to a request."""
        self.hold.wait()
        witness = Witness(self.key, self._signer, self.logs, Ed25519(), lambda: NOW)
        answer = self.instead or add_checkpoint(body, witness, self)
        self.statuses.append(answer.status)
        return answer

    @contextmanager
    def serving(self) -> Iterator["FakeWitness"]:
        """Serve it at `url` for the block."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                answer = fake.answer(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(answer.status if self.path == "/w/add-checkpoint" else 404)
                self.send_header("content-type", answer.content_type)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the name it has there
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/w/"
        try:
            yield self
        finally:
            self.hold.set()
            server.shutdown()
            server.server_close()
            thread.join()
