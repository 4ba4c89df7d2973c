"""Asking the log of a whole installation: who did it, by what, when; following past a gateway that goes and comes back.

Leaves out each option by itself (tests/unit/cli) and what is found (tests/integration/audit); services that are killed
while somebody follows are in replicas/.
"""

import asyncio
import json

from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit.clock import random_id, utc_now
from tests.e2e.installation import Installation, Paas, eventually, settled
from tests.e2e.replicas.processes import channel
from tests.fixtures.waiting import PATIENCE


def lines(user: Paas, *options: str) -> list[list[str]]:
    """The cells of the events that `paas audit` lists."""
    return [line.split("\t") for line in user.ok("audit", *options).lines]


def test_who_read_a_secret_is_one_command(installation: Installation, ada: Paas, idle: Paas) -> None:
    app, token_name = idle.environment["PAAS_APP"], f"ci-{random_id()[:8]}"
    idle.ok("secrets:set", "STRIPE_API_KEY=c4n4ry", "--no-wait")
    made = ada.ok("tokens:create", "--name", token_name, "--ttl", "1h", "--scope", "secrets.reveal,apps.read", "--json")
    idle.ok("secrets:get", "STRIPE_API_KEY")
    ci = idle.with_(PAAS_TOKEN=made.document["secret"])
    ci.ok("secrets:get", "STRIPE_API_KEY")
    assert ci("secrets:set", "STRIPE_API_KEY=x", "--no-wait").exit_code == 4
    person = ada.ok("whoami", "--json").document["subject"].removeprefix("user:")
    question = ("--name", "STRIPE_API_KEY", "--action", "secrets.get", "-a", app, "--since", "1h")
    eventually(lambda: len(lines(ada, *question)) == 2)
    newest, first = lines(ada, *question)
    assert newest[2] == f"pat:{token_name} ({person})"
    assert first[2] == f"user:{person}"
    # A person's own sign-in, and what was done with their token.
    assert lines(ada, *question, "--actor", person) == [newest, first]
    assert lines(ada, *question, "--actor", f"pat:{token_name}") == [newest]
    assert lines(ada, *question, "--until", "30m") == []
    eventually(lambda: [each[1] for each in lines(ada, "-a", app, "--outcome", "denied")] == ["secrets.set"])
    settled(idle)  # what the releaser has to say of it is said: nothing comes between two looks
    everything = lines(ada, "-a", app)
    people = [each for each in everything if not each[2].startswith("service:") or " for " in each[2]]
    assert lines(ada, "-a", app, "--people") == people
    assert people != everything
    exported = [json.loads(line) for line in ada.ok("audit:export", *question).lines]
    assert [event["sequence"] for event in exported] == sorted(event["sequence"] for event in exported)
    assert exported[1]["token_id"] == made.document["token"]["id"]


async def _append(installation: Installation, app: str, count: int) -> None:
    """Have config report so many events, past the gateway."""
    async with channel(installation.stack, "audit", "audit", worker=1, caller="config") as opened:
        for number in range(count):
            event = audit_pb2.Event(
                event_id=random_id(),
                tenant="acme",
                action="config.set",
                actor="user:ada@example.com",
                app=app,
                targets=[f"AWAY_{number}"],
                outcome=audit_pb2.OUTCOME_OK,
            )
            event.occurred_at.FromDatetime(utc_now())
            stub = audit_pb2_grpc.AuditInternalServiceStub(opened)
            await stub.AppendEvents(audit_pb2.AppendEventsRequest(events=[event]), timeout=PATIENCE)


def test_following_goes_on_where_it_was_once_the_gateway_is_back(installation: Installation, idle: Paas) -> None:
    app, stack = f"followed-{random_id()[:8]}", installation.stack
    asyncio.run(_append(installation, app, 1))
    follower = idle.start("audit", "--follow", "--json", "-a", app, "--action", "config.set")
    assert follower.stdout is not None
    assert follower.stderr is not None
    try:
        seen = [json.loads(follower.stdout.readline())]
        stack.stop_part("gateway")
        try:
            asyncio.run(_append(installation, app, 3))
            assert "the connection is lost; trying again for up to 5m" in follower.stderr.readline()
        finally:
            stack.start_part("gateway")
        asyncio.run(_append(installation, app, 1))
        seen += [json.loads(follower.stdout.readline()) for _ in range(4)]
    finally:
        follower.kill()
        _, said = follower.communicate(timeout=PATIENCE)
    assert [event["targets"] for event in seen] == [["AWAY_0"], ["AWAY_0"], ["AWAY_1"], ["AWAY_2"], ["AWAY_0"]]
    assert [event["sequence"] for event in seen] == sorted({event["sequence"] for event in seen})
    assert "connection" not in said
