"""Those who work without pause while parts of the stack die. Each knows one kind of change and how to ask for it.

Each change has a request id and is repeated under it until it is acknowledged, as `paas` would in the hands of a
patient person. What was acknowledged goes into the books.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paas_transport import address, rpc_error
from paas_transport.grpcweb import Channel
from paas_transport.rpc_error import RpcError
from tests.e2e.installation import Paas

# What a client may answer by trying again: the other side was away, or the answer did not come.
RETRYABLE: Final = (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED)
# Seconds that one change may take, retries included. It needs a moment in which all that it goes through is there, and
# on a slow machine what is killed takes as long to start again as the next one lives.
PATIENCE: Final = 300.0
_PAUSE: Final = 0.02
# Seconds between two changes of one writer: enough of a machine of two cores is left to those that start again.
_BETWEEN_CHANGES: Final = 0.03


@dataclass(frozen=True)
class Acknowledged:
    """One thing that was acknowledged. `release` is 0 where there is none, or where it was told to be pending."""

    kind: str
    request_id: str
    name: str
    value: str
    release: int = 0


@dataclass
class Books:
    """What was acknowledged, by what came back meanwhile, and what should never have."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    asked_again: list[str] = field(default_factory=list)
    reveals_tried: int = 0
    unexpected: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Acknowledged]:
        """What was acknowledged of one kind, in order."""
        return [entry for entry in self.acknowledged if entry.kind == kind]


@dataclass
class Desk:
    """What a writer works with: a channel of its own, the app, the books, and when to stop."""

    channel: Channel
    app: str
    books: Books
    stop: threading.Event

    def until_acknowledged(self, kind: str, name: str, value: str, ask: Callable[[str], int]) -> bool:
        """Ask under one request id until it is acknowledged, and book it; False where patience ran out."""
        request_id, deadline = str(uuid.uuid4()), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                release = ask(request_id)
            except RpcError as error:
                if error.code not in RETRYABLE:
                    self.books.unexpected.append(f"{kind} {name}: {error.code_name} {error.message}")
                self.books.asked_again.append(f"{kind} {name}: {error.code_name} {error.message}")
                time.sleep(0.1)
            else:
                self.books.acknowledged.append(Acknowledged(kind, request_id, name, value, release))
                time.sleep(_PAUSE)
                return True
        self.books.unexpected.append(f"{kind} {name}: not acknowledged within {PATIENCE} seconds")
        return False

    def set(self, name: str, value: str, *, stage: bool = False) -> Callable[[str], int]:
        """How to set a config var."""

        def ask(request_id: str) -> int:
            request = config_pb2.SetVarsRequest(
                request_id=request_id,
                app=self.app,
                vars=[config_pb2.Assignment(name=name, value=value)],
                stage=stage,
            )
            path, answer = "/paas.config.v1.ConfigService/SetVars", config_pb2.SetVarsResponse
            return self.channel.unary(path, request, answer=answer, repeatable=False, timeout=5).change.release

        return ask

    def seal(self, name: str, value: str, *, stage: bool = False) -> Callable[[str], int]:
        """How to set a secret."""

        def ask(request_id: str) -> int:
            request = secrets_pb2.SetSecretsRequest(
                request_id=request_id,
                app=self.app,
                secrets=[secrets_pb2.SecretAssignment(name=name, value=value)],
                stage=stage,
            )
            path, answer = "/paas.secrets.v1.SecretsService/SetSecrets", secrets_pb2.SetSecretsResponse
            return self.channel.unary(path, request, answer=answer, repeatable=False, timeout=5).change.release

        return ask

    def release(self) -> Callable[[str], int]:
        """How to release the draft."""

        def ask(request_id: str) -> int:
            request = releaser_pb2.CreateReleaseRequest(request_id=request_id, app=self.app)
            path, answer = "/paas.releaser.v1.ReleaserService/CreateRelease", releaser_pb2.CreateReleaseResponse
            return self.channel.unary(path, request, answer=answer, repeatable=False, timeout=5).release.number

        return ask

    def make_token(self, name: str) -> Callable[[str], int]:
        """How to make a token. An earlier try may have made it: then its text is gone, and it is made all the same."""

        def ask(request_id: str) -> int:
            request = tokens_pb2.CreateTokenRequest(request_id=request_id, name=name, permissions=["apps.read"])
            path, answer = "/paas.tokens.v1.TokensService/CreateToken", tokens_pb2.CreateTokenResponse
            try:
                self.channel.unary(path, request, answer=answer, repeatable=False, timeout=5)
            except RpcError as error:
                if error.code_name != "ALREADY_EXISTS":
                    raise
            return 0

        return ask

    def reveal(self, name: str) -> Callable[[str], int]:
        """How to read a secret."""

        def ask(_: str) -> int:
            self.books.reveals_tried += 1
            request = secrets_pb2.RevealSecretRequest(app=self.app, name=name)
            path, answer = "/paas.secrets.v1.SecretsService/RevealSecret", secrets_pb2.RevealSecretResponse
            self.channel.unary(path, request, answer=answer, repeatable=False, timeout=5)
            return 0

        return ask


def live(desk: Desk, name: str) -> None:
    """Set one config var (`C…`) or secret (`S…`) to the next number, again and again."""
    number = 0
    while not desk.stop.is_set():
        number += 1
        value = str(number)
        kind, ask = ("seal", desk.seal) if name.startswith("S") else ("set", desk.set)
        if not desk.until_acknowledged(kind, name, value, ask(name, value)):
            return
        time.sleep(_BETWEEN_CHANGES)


def drafts(desk: Desk, name: str) -> None:
    """Stage a config var and a secret and release both together, again and again."""
    number = 0
    while not desk.stop.is_set():
        number += 1
        value = str(number)
        done = (
            desk.until_acknowledged("stage", f"C{name}", value, desk.set(f"C{name}", value, stage=True))
            and desk.until_acknowledged("stage-sealed", f"S{name}", value, desk.seal(f"S{name}", value, stage=True))
            and desk.until_acknowledged("release", name, value, desk.release())
        )
        if not done:
            return


def tokens(desk: Desk, name: str) -> None:
    """Make tokens."""
    number = 0
    while not desk.stop.is_set():
        number += 1
        full = f"{name}-{desk.app}-{number}"
        if not desk.until_acknowledged("token", full, "", desk.make_token(full)):
            return
        time.sleep(0.1)


def reveals(desk: Desk, name: str) -> None:
    """Read a secret."""
    while not desk.stop.is_set():
        if not desk.until_acknowledged("reveal", name, "", desk.reveal(name)):
            return
        time.sleep(0.05)


Work = tuple[Callable[[Desk, str], None], Paas, str]
"""What somebody does without pause, of whose app, and with which name."""


@contextmanager
def at_work(live_app: Paas, draft_app: Paas) -> Iterator[Books]:
    """Everybody at work until the end of the block; each gets the last thing it asked for acknowledged.

    `live_app` must have a secret called `SEED`.
    """
    work: list[Work] = [
        (live, live_app, "C1"),
        (live, live_app, "C2"),
        (live, live_app, "S1"),
        (drafts, draft_app, "D"),
        (tokens, live_app, "token"),
        (reveals, live_app, "SEED"),
    ]
    with working(work) as books:
        yield books


@contextmanager
def working(work: Sequence[Work]) -> Iterator[Books]:
    """These at work until the end of the block; each gets the last thing it asked for acknowledged."""
    books, stop = Books(), threading.Event()
    threads = [threading.Thread(target=what, args=(_desk(paas, books, stop), name)) for what, paas, name in work]
    for thread in threads:
        thread.start()
    try:
        yield books
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _desk(paas: Paas, books: Books, stop: threading.Event) -> Desk:
    gateway = address.parse(paas.environment["PAAS_GATEWAY"], source="test")
    channel = Channel(gateway, token=paas.environment["PAAS_TOKEN"], user_agent="test")
    return Desk(channel, paas.environment["PAAS_APP"], books, stop)
