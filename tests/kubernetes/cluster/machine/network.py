"""A bridge of the cluster's own, on which each pod has an address.

The networks are /24s of 198.18.0.0/15, which is set aside for tests of networks (RFC 2544) and so is nobody's home
or office. The bridge's name holds the network's number: the kernel gives a name once, so two clusters that start at
the same moment have different ones. The node has the first address. Nothing is forwarded or translated: pods, node
and whoever is on this machine reach each other, and no setting of the machine is changed for it.
"""

import ipaddress
import json
import random
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from local.failures import LocalFailure
from machine.processes import ProcessId, is_alive

_RANGE: Final = ipaddress.IPv4Network("198.18.0.0/15")
NETWORKS: Final = list(_RANGE.subnets(new_prefix=24))
_PREFIX: Final = "paas-kube"


@dataclass(frozen=True)
class Bridge:
    """One network: `number` is its place in NETWORKS."""

    number: int

    @property
    def name(self) -> str:
        """What the network interface is called."""
        return f"{_PREFIX}{self.number}"

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The addresses on it."""
        return NETWORKS[self.number]

    @property
    def node(self) -> str:
        """The address of the node itself."""
        return str(self.network[1])


def claim(owner: ProcessId) -> Bridge:
    """Make a bridge on a network that this machine has no route to. Raises LocalFailure where that is not allowed.

    It is removed with `remove`; one whose owner was killed is removed by whoever claims the next.
    """
    sweep()
    taken = taken_networks(_ip_json("-4", "route", "show", "table", "all"))
    for number in random.sample(range(len(NETWORKS)), len(NETWORKS)):
        bridge = Bridge(number)
        if any(bridge.network.overlaps(other) for other in taken):
            continue
        made = _ip("link", "add", "name", bridge.name, "type", "bridge")
        if made.returncode == 0:
            return _set_up(bridge, owner)
        if "File exists" not in made.stderr:
            raise LocalFailure(f"A network for pods can't be made on this machine: {made.stderr.strip()}.")
    raise LocalFailure(f"No network of {_RANGE} is free for pods.")


def remove(name: str) -> None:
    """Remove a bridge of ours, if it is there."""
    if name.startswith(_PREFIX):
        _ip("link", "delete", "dev", name)


def sweep() -> None:
    """Remove the bridges whose owners are gone."""
    for link in _ip_json("link", "show", "type", "bridge"):
        name, owner = link.get("ifname", ""), _owner(link.get("ifalias", ""))
        if name.startswith(_PREFIX) and owner is not None and not is_alive(owner):
            remove(name)


def taken_networks(routes: Iterable[dict[str, Any]]) -> list[ipaddress.IPv4Network]:
    """The networks this machine knows a way to, out of what `ip -j route` says, the default route aside."""
    destinations = (route.get("dst", "default") for route in routes)
    return [ipaddress.IPv4Network(each, strict=False) for each in destinations if each not in ("default", "0.0.0.0/0")]


def cni_configuration(bridge: Bridge, *, data: str) -> dict[str, Any]:
    """How containerd puts a pod on the bridge (https://www.cni.dev/docs/spec/); `data` is a folder for addresses."""
    addresses = {
        "type": "host-local",
        "dataDir": data,
        "ranges": [[{"subnet": str(bridge.network), "gateway": bridge.node}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    # No isGateway: it would turn forwarding on for the whole machine. The bridge has its address already.
    plugin = {"type": "bridge", "bridge": bridge.name, "isGateway": False, "ipMasq": False, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [plugin]}


def _set_up(bridge: Bridge, owner: ProcessId) -> Bridge:
    steps = (
        ("link", "set", "dev", bridge.name, "alias", f"{owner.pid} {owner.started} {owner.boot}"),
        ("address", "add", f"{bridge.node}/{bridge.network.prefixlen}", "dev", bridge.name),
        ("link", "set", "dev", bridge.name, "up"),
    )
    for step in steps:
        done = _ip(*step)
        if done.returncode != 0:
            remove(bridge.name)
            raise LocalFailure(f"The network {bridge.name} can't be set up: {done.stderr.strip()}.")
    return bridge


def _owner(alias: str) -> ProcessId | None:
    match alias.split():
        case [pid, started, boot] if pid.isdigit() and started.isdigit():
            return ProcessId(int(pid), int(started), boot)
    return None


def _ip_json(*arguments: str) -> list[dict[str, Any]]:
    found = json.loads(_ip("-j", "-details", *arguments).stdout or "[]")
    assert isinstance(found, list)
    return found


def _ip(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
