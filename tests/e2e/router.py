"""Asking an app all the time while its instances are replaced, as a router would that knows which of them are ready."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from paas.releaser.v1 import releaser_pb2

from paas_transport import address
from paas_transport.grpcweb import Channel
from tests.e2e.installation import Paas, fetch


@dataclass
class Service:
    """What a user of the app sees."""

    gaps: int = 0
    """How often nobody was listed as ready, or none of those who were before and after they were asked answered."""
    pids: set[int] = field(default_factory=set)
    """The processes that answered."""
    failures: list[Exception] = field(default_factory=list)


@contextmanager
def served(paas: Paas) -> Iterator[Service]:
    """Ask the chosen app until the end of the block."""
    seen, stop = Service(), threading.Event()
    asking = threading.Thread(target=_ask, args=(paas, seen, stop))
    asking.start()
    try:
        yield seen
    finally:
        stop.set()
        asking.join()
    assert seen.failures == []


def _ask(paas: Paas, seen: Service, stop: threading.Event) -> None:
    gateway = address.parse(paas.environment["PAAS_GATEWAY"], source="test")
    channel = Channel(gateway, token=paas.environment["PAAS_TOKEN"], user_agent="test")
    try:
        while not stop.is_set():
            _look(channel, paas.environment["PAAS_APP"], seen)
            time.sleep(0.01)
    except Exception as failure:
        seen.failures.append(failure)


def _look(channel: Channel, app: str, seen: Service) -> None:
    listed = _ready(channel, app)
    answered = {pid for _, _, port in listed if (pid := _pid(port))}
    seen.pids |= answered
    # A list is old when it arrives: of those who don't answer, only who is still listed should have.
    if not listed or (not answered and listed & _ready(channel, app)):
        seen.gaps += 1


def _ready(channel: Channel, app: str) -> set[tuple[int, int, int]]:
    answer = channel.unary(
        "/paas.releaser.v1.ReleaserService/ListInstances",
        releaser_pb2.ListInstancesRequest(app=app),
        answer=releaser_pb2.ListInstancesResponse,
        repeatable=True,
    )
    return {(one.index, one.release, one.port) for one in answer.instances if one.state == "ready"}


def _pid(port: int) -> int | None:
    with suppress(OSError, ValueError):
        return int(fetch(port)["pid"])
    return None
