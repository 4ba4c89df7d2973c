"""What relays of four services send to audit: events of many tenants in batches, one batch after the other."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import grpc
from paas.audit.v1 import audit_pb2

from bench.platform import Bench
from local.operator_channel import open_channel
from local.ports import HOST, port_of
from paaskit.clock import random_id, utc_now
from paaskit.outbox.message import MAX_ROWS

SERVICES: Final = ("config", "secrets", "tokens", "releaser")
TENANTS: Final = tuple(f"tenant-{number:02}" for number in range(20))
_APPEND: Final = "/paas.audit.v1.AuditInternalService/AppendEvents"
_ACTIONS: Final = ("secrets.get", "config.set", "releases.finish", "secrets.set", "secrets.list")


def event_of(tenant: str) -> audit_pb2.Event:
    """One event about one name, every second of a token that somebody made."""
    person, app = f"user:p{random.randrange(50)}@example.com", random.randrange(200)
    by_token = random.random() < 0.5
    event = audit_pb2.Event(
        event_id=random_id(),
        tenant=tenant,
        action=random.choice(_ACTIONS),
        actor="pat:ci" if by_token else person,
        maker=person if by_token else "",
        outcome=audit_pb2.OUTCOME_OK,
        app=f"app-{app}",
        app_id=f"0123456789abcdef-{app}",
        targets=[f"NAME_{random.randrange(100)}"],
        version=7,
        request_id=random_id(),
        client_address="203.0.113.9",
        token_id=random_id(),
    )
    event.occurred_at.FromDatetime(utc_now())
    return event


def batch_of(tenants: Sequence[str], *, events: int = MAX_ROWS) -> bytes:
    """A request with so many events, of tenants in turn; by default as many as a relay sends at once."""
    made = [event_of(tenants[index % len(tenants)]) for index in range(events)]
    return audit_pb2.AppendEventsRequest(events=made).SerializeToString()


@dataclass(frozen=True)
class Clients:
    """A channel of each service's to audit, over mTLS."""

    calls: Sequence[Any]
    channels: Sequence[grpc.aio.Channel]

    async def send(self, shares: Sequence[Sequence[bytes]]) -> float:
        """Send each client's share, one request after the other; return the seconds it took."""
        start = time.perf_counter()
        await asyncio.gather(*(_one_by_one(call, share) for call, share in zip(self.calls, shares, strict=True)))
        return time.perf_counter() - start

    async def close(self) -> None:
        """Close the channels."""
        await asyncio.gather(*(channel.close() for channel in self.channels))


def clients_of(bench: Bench) -> Clients:
    """Connect to audit's door for services."""
    address = f"{HOST}:{port_of('audit', base_port=bench.stack.base_port)}"
    channels = [
        open_channel(address, service="audit.paas.internal", tls=bench.stack.layout.tls, identity=service)
        for service in SERVICES
    ]
    return Clients([channel.unary_unary(_APPEND) for channel in channels], channels)


async def _one_by_one(call: Any, share: Sequence[bytes]) -> None:
    for request in share:
        await call(request)
