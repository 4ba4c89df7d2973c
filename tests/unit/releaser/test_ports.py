"""Ports for instances: none is handed out twice on one machine, whoever hands it out.

With the real kernel and a range of a few ports. Leaves out the programs that listen on them.
"""

import socket
from pathlib import Path
from random import sample

import pytest

from local.ports import HOST, reserve
from services.releaser.runtimes.local import ports as instance_ports
from services.releaser.runtimes.local.ports import claim_port
from tests.unit.releaser.conftest import Machine, desired_of


@pytest.fixture
def five_ports(monkeypatch: pytest.MonkeyPatch) -> range:
    """The range that ports are taken from: five in a row that nobody has, outside of the usual one.

    Somewhere in it, since other runs of these tests on this machine look for five as well.
    """
    for first in sample(range(10_000, 19_000, 5), 1_000):
        held = [reserve(first + offset) for offset in range(5)]
        for each in held:
            if each is not None:
                each.close()
        if None not in held:
            monkeypatch.setattr(instance_ports, "_FIRST_PORT", first)
            monkeypatch.setattr(instance_ports, "_PORTS", 5)
            return range(first, first + 5)
    raise AssertionError("five free ports in a row")


def test_a_port_is_claimed_once_until_it_is_given_back(five_ports: range) -> None:
    claims = dict(claim_port(()) for _ in five_ports)
    assert set(claims) == set(five_ports)
    with pytest.raises(OSError, match="no free port"):
        claim_port(())
    given_back, claim = claims.popitem()
    claim.close()
    port, again = claim_port(())
    assert port == given_back
    for each in (again, *claims.values()):
        each.close()


def test_a_port_that_is_taken_or_listened_on_is_passed_over(five_ports: range) -> None:
    taken, listened_on, *free = five_ports
    with socket.create_server((HOST, listened_on)):
        claims = dict(claim_port({taken}) for _ in free)
        assert set(claims) == set(free)
        for each in claims.values():
            each.close()


async def test_two_releasers_of_one_machine_hand_out_different_ports(five_ports: range, tmp_path: Path) -> None:
    machines = [Machine(tmp_path / name) for name in ("one", "two")]
    try:
        ports = [machine.runtime._take_port() for machine in machines for _ in range(2)]
        assert len(set(ports)) == 4
        assert set(ports) <= set(five_ports)
        # With the releaser go its claims.
        await machines[0].runtime.close()
        assert len({machines[1].runtime._take_port() for _ in range(3)} - set(ports[2:])) == 3
    finally:
        for machine in machines:
            await machine.runtime.close()


async def test_an_instance_keeps_its_port_from_the_next(machine: Machine, five_ports: range) -> None:
    await machine.apply(desired_of(1, instances=3))
    ports = {instance.port for instance in await machine.instances()}
    assert len(ports) == 3
    await machine.restart()
    port, claim = claim_port(())
    claim.close()
    assert port not in ports
