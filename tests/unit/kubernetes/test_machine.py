"""What a cluster makes on the machine: networks, cgroups; and how a pod's processes are found, in made-up folders."""

import ipaddress
from pathlib import Path

import pytest

from tests.kubernetes.cluster.machine import cgroups, pods
from tests.kubernetes.cluster.machine.network import NETWORKS, Bridge, cni_configuration, taken_networks

NAME = "/paas-kubernetes-1"


def test_networks_are_apart_and_of_the_range_for_tests() -> None:
    assert len(set(NETWORKS)) == 512
    assert NETWORKS[0] == ipaddress.IPv4Network("198.18.0.0/24")
    assert NETWORKS[-1] == ipaddress.IPv4Network("198.19.255.0/24")


def test_a_bridge_has_a_name_that_an_interface_may_have() -> None:
    assert max(len(Bridge(number).name) for number in range(len(NETWORKS))) <= 15


def test_routes_of_the_machine_are_taken_and_the_default_is_not() -> None:
    routes = [{"dst": "default"}, {"dst": "198.18.3.7"}, {"dst": "198.19.0.0/16"}, {"gateway": "10.0.0.1"}]
    assert [str(each) for each in taken_networks(routes)] == ["198.18.3.7/32", "198.19.0.0/16"]


def test_pods_are_put_on_the_bridge_without_forwarding() -> None:
    (plugin,) = cni_configuration(Bridge(3), data="/somewhere")["plugins"]
    assert plugin["bridge"] == "paas-kube3"
    assert plugin["isGateway"] is False
    assert plugin["ipMasq"] is False
    assert plugin["ipam"]["ranges"] == [[{"subnet": "198.18.3.0/24", "gateway": "198.18.3.1"}]]


def test_cgroups_of_the_first_version_are_made_in_every_tree(tmp_path: Path) -> None:
    for tree in ("cpu,cpuacct", "memory"):
        (tmp_path / tree).mkdir()
    (tmp_path / "cpu").symlink_to("cpu,cpuacct")
    cgroups.make(NAME, mounted=tmp_path)
    (tmp_path / "memory" / NAME.strip("/") / "pod" / "container").mkdir(parents=True)
    assert (tmp_path / "cpu" / NAME.strip("/")).is_dir()
    cgroups.remove(NAME, mounted=tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["cpu", "cpu,cpuacct", "memory"]


def test_the_cgroup_of_the_second_version_is_one(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    (tmp_path / "cgroup.subtree_control").write_text("")
    cgroups.make(NAME, mounted=tmp_path)
    assert (tmp_path / NAME.strip("/")).is_dir()
    cgroups.remove(NAME, mounted=tmp_path)
    assert not (tmp_path / NAME.strip("/")).exists()


def test_the_root_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    with pytest.raises(AssertionError):
        cgroups.remove("/", mounted=tmp_path)


def test_processes_are_found_by_their_container(tmp_path: Path) -> None:
    for pid, cgroup in ((12, f"4:memory:{NAME}/pod/abc\n"), (7, f"0::{NAME}/pod/abc\n"), (9, "0::/user.slice\n")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cgroup").write_text(cgroup)
    (tmp_path / "8").mkdir()
    (tmp_path / "sys").mkdir()
    assert pods.processes(["abc"], proc=tmp_path) == [7, 12]
    assert pods.processes([], proc=tmp_path) == []


def test_an_environment_is_read_as_the_kernel_has_it(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "environ").write_bytes(b"A=b=c\0EMPTY=\0LINES=1\n2\0")
    assert pods.environment(7, proc=tmp_path) == {"A": "b=c", "EMPTY": "", "LINES": "1\n2"}


def test_containers_that_have_not_started_have_no_id() -> None:
    statuses = [{"name": "main", "containerID": "containerd://abc"}, {"name": "other"}]
    assert pods.container_ids({"status": {"containerStatuses": statuses}}) == ["abc"]
    assert pods.container_ids({"status": {"containerStatuses": statuses}}, container="other") == []
    assert pods.container_ids({}) == []
