"""The two tenants."""

import asyncio

import pytest

from local.ports import GATEWAY, HOST, port_of
from local.signin import Person, issue
from tests.abuse.neighbours.attacks import APP, AUDITORS, EVENTS
from tests.abuse.neighbours.log import fill
from tests.abuse.neighbours.tenants import OURS, Tenants
from tests.e2e.installation import Installation


@pytest.fixture(scope="package")
def tenants(installation: Installation) -> Tenants:
    """An app and a secret of each."""
    stack = installation.stack
    theirs = {
        role: issue(stack, Person(tenant="theirs", user=f"{role}@theirs.example", role=role))
        for role in ("viewer", "developer", "admin")
    } | {name: issue(stack, Person(tenant="theirs", user=f"{name}@theirs.example", role="admin")) for name in AUDITORS}
    them, us = installation.person(tenant="theirs"), installation.person(tenant="ours")
    for person, app in ((them, APP), (us, OURS)):
        person.ok("apps:create", app)
        person.ok("secrets:set", "KEY=-", "-a", app, stdin=b"value")
    asyncio.run(fill(stack, "theirs", APP, count=EVENTS))
    address = f"{HOST}:{port_of(GATEWAY, base_port=stack.base_port)}"
    return Tenants(
        address, theirs, them, us, issue(stack, Person(tenant="ours", user="eve@ours.example", role="admin"))
    )
