"""Changes made without pause while parts of the stack die, and the books kept on them.

Each change has a request id and is repeated under it until it is acknowledged, as `paas` would in the hands of a
patient person. What was acknowledged is compared afterwards with what is there.
"""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from paas_cli import address, rpc_error
from paas_cli.grpcweb import Channel
from paas_cli.rpc_error import RpcError
from tests.e2e.installation import Paas, config_of, events, eventually, releases, secret_names, settled
from tests.fixtures.waiting import PATIENCE

# What a client may answer by trying again: the other side was away, or the answer did not come.
RETRYABLE = (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED)


@dataclass(frozen=True)
class Acknowledged:
    """One change as it was acknowledged. `release` is 0 where it was told to be pending."""

    request_id: str
    name: str
    value: str
    release: int


@dataclass
class Books:
    """What was acknowledged, by what came back meanwhile, and what should never have."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    retried: int = 0
    unexpected: list[str] = field(default_factory=list)


@contextmanager
def load(paas: Paas) -> Iterator[Books]:
    """Two writers of config and one of secrets until the end of the block; each gets its last change acknowledged."""
    books, stop = Books(), threading.Event()
    writers = [threading.Thread(target=_write, args=(paas, name, books, stop)) for name in ("C1", "C2", "S1")]
    for writer in writers:
        writer.start()
    try:
        yield books
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def _write(paas: Paas, name: str, books: Books, stop: threading.Event) -> None:
    gateway = address.parse(paas.environment["PAAS_GATEWAY"], source="test")
    channel = Channel(gateway, token=paas.environment["PAAS_TOKEN"], user_agent="test")
    number = 0
    while not stop.is_set():
        number += 1
        request_id, value = str(uuid.uuid4()), str(number)
        # Retries included.
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                change = _send(channel, paas.environment["PAAS_APP"], request_id, name, value)
            except RpcError as error:
                if error.code not in RETRYABLE:
                    books.unexpected.append(f"{error.code_name} {error.message}")
                books.retried += 1
                time.sleep(0.1)
            else:
                books.acknowledged.append(Acknowledged(request_id, name, value, change.release))
                break
        else:
            books.unexpected.append(f"{name}: not acknowledged within {PATIENCE} seconds")
            return
        time.sleep(0.02)


def _send(channel: Channel, app: str, request_id: str, name: str, value: str) -> config_pb2.Change:
    if name.startswith("S"):
        sealed = secrets_pb2.SecretAssignment(name=name, value=value)
        return channel.unary(
            "/paas.secrets.v1.SecretsService/SetSecrets",
            secrets_pb2.SetSecretsRequest(request_id=request_id, app=app, secrets=[sealed]),
            answer=secrets_pb2.SetSecretsResponse,
            repeatable=False,
            timeout=5,
        ).change
    plain = config_pb2.Assignment(name=name, value=value)
    return channel.unary(
        "/paas.config.v1.ConfigService/SetVars",
        config_pb2.SetVarsRequest(request_id=request_id, app=app, vars=[plain]),
        answer=config_pb2.SetVarsResponse,
        repeatable=False,
        timeout=5,
    ).change


def balance(paas: Paas, books: Books) -> None:
    """Compare the books with the platform: nothing lost, nothing twice. Raises AssertionError."""
    app, done = paas.environment["PAAS_APP"], books.acknowledged
    assert books.unexpected == []
    last = {entry.name: entry.value for entry in done}
    assert set(last) == {"C1", "C2", "S1"}
    eventually(lambda: len(releases(paas)) >= 1 + len(done))
    found = settled(paas)
    assert len(found) == 1 + len(done)
    assert found[0]["state"] == "succeeded"
    numbered = [entry.release for entry in done if entry.release]
    assert len(set(numbered)) == len(numbered)
    assert config_of(paas) == {"C1": last["C1"], "C2": last["C2"]}
    assert secret_names(paas) == ["S1"]
    assert paas.ok("secrets:get", "S1").out == f"{last['S1']}\n"

    def told() -> bool:
        made = [event for event in events(paas, app=app) if event["action"] in ("config.set", "secrets.set")]
        counted = Counter(event["request_id"] for event in made)
        assert max(counted.values(), default=0) <= 1
        return set(counted) == {entry.request_id for entry in done}

    assert eventually(told)
    finished = Counter(event["version"] for event in events(paas, app=app, action="releases.finish"))
    assert set(finished.values()) == {1}
