"""The other tenant: calls that a person's tools make all the time, how long each took, and which failed."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id

TIMEOUT_SECONDS: Final = 20.0
_LATE: Final = grpc.StatusCode.UNAVAILABLE.name
_IN_FLIGHT: Final = 2
_PAUSE_SECONDS: Final = 0.01

Make = Callable[[], tuple[str, Any]]
"""Gives the path of a method and a request for it."""


@dataclass
class Seen:
    """What came of the calls of a while."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many calls were made."""
        return sum(map(len, self.seconds.values())) + self.errors.total()

    @property
    def faults(self) -> dict[str, int]:
        """The errors but those that say that something was late."""
        return {what: count for what, count in self.errors.items() if f" {_LATE}: " not in what}

    @property
    def p99(self) -> float:
        """The time, in seconds, within which 99 of 100 calls were answered."""
        every = sorted(each for some in self.seconds.values() for each in some)
        return every[min(len(every) - 1, int(len(every) * 0.99))]

    @property
    def median(self) -> float:
        """The time, in seconds, within which half of the calls were answered."""
        return statistics.median(each for some in self.seconds.values() for each in some)

    async def note(self, name: str, call: Awaitable[Any]) -> None:
        """Make a call and note how long it took, or how it failed; pause after it."""
        began = time.perf_counter()
        try:
            await call
        except grpc.aio.AioRpcError as error:
            self.errors[f"{name} {error.code().name}: {error.details()}"] += 1
        else:
            self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        await asyncio.sleep(_PAUSE_SECONDS)

    def __str__(self) -> str:
        worst = {name: f"{max(some) * 1000:.0f}" for name, some in self.seconds.items() if some}
        usual = f"median {self.median * 1000:.0f} ms, p99 {self.p99 * 1000:.0f} ms"
        return f"{self.count} calls, {usual}, worst of each {worst}, errors {dict(self.errors)}"


def all_answered(*seen: Seen) -> bool:
    """Whether every call was answered.

    One that is told UNAVAILABLE may have met a machine that stopped for seconds, attack or no attack, so a round with
    one is no measurement. Raises AssertionError where a call failed otherwise.
    """
    assert [each.faults for each in seen] == [{}] * len(seen)
    return not any(each.errors for each in seen)


def calls_of(app: str) -> Mapping[str, Make]:
    """Reads of every service and a change of one, by name."""
    return {
        "GetApp": lambda: ("/paas.config.v1.ConfigService/GetApp", config_pb2.GetAppRequest(app=app)),
        "ListVars": lambda: ("/paas.config.v1.ConfigService/ListVars", config_pb2.ListVarsRequest(app=app)),
        "RevealSecret": lambda: (
            "/paas.secrets.v1.SecretsService/RevealSecret",
            secrets_pb2.RevealSecretRequest(app=app, name="KEY"),
        ),
        "WhoAmI": lambda: ("/paas.tokens.v1.TokensService/WhoAmI", tokens_pb2.WhoAmIRequest()),
        "ListEvents": lambda: ("/paas.audit.v1.AuditService/ListEvents", audit_pb2.ListEventsRequest(page_size=1)),
        "ListReleases": lambda: (
            "/paas.releaser.v1.ReleaserService/ListReleases",
            releaser_pb2.ListReleasesRequest(app=app),
        ),
        "SetVars": lambda: (
            "/paas.config.v1.ConfigService/SetVars",
            config_pb2.SetVarsRequest(
                request_id=random_id(),
                app=app,
                stage=True,
                vars=[config_pb2.Assignment(name="PROBE", value=random_id())],
            ),
        ),
    }


async def watch(address: str, token: str, app: str, *, seconds: float) -> Seen:
    """Make calls one after the other, a few at a time, for some seconds."""
    seen = Seen()
    metadata = (("authorization", f"Bearer {token}"),)
    until = time.perf_counter() + seconds

    async def go_on(channel: grpc.aio.Channel) -> None:
        while time.perf_counter() < until:
            for name, make in calls_of(app).items():
                path, request = make()
                method: Any = channel.unary_unary(path)
                sent = method(request.SerializeToString(), metadata=metadata, timeout=TIMEOUT_SECONDS)
                await seen.note(name, sent)

    async with grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        await asyncio.gather(*(go_on(channel) for _ in range(_IN_FLIGHT)))
    return seen
