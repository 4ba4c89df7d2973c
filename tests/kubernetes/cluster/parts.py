"""The parts of a cluster as command lines, and the files of settings they read. Nothing here starts or writes anything.

Where a setting is not Kubernetes' or containerd's usual one, the line says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.ports import HOST
from tests.kubernetes.cluster.images.own import PAUSE
from tests.kubernetes.cluster.layout import Layout, Ports
from tests.kubernetes.cluster.pki import NODE_NAME

SERVICE_ADDRESSES: Final = "10.0.0.0/24"


@dataclass(frozen=True)
class Part:
    """A program of the cluster; one that `needs_others` is started once the API server answers and images are there."""

    name: str
    command: tuple[str, ...]
    needs_others: bool = False


def all_parts(layout: Layout, ports: Ports, *, kubernetes: Path, node_address: str) -> tuple[Part, ...]:
    """Every part, in the order in which they are started. `kubernetes` is the program that most of them are."""

    def of_kubernetes(name: str, flags: Mapping[str, str], *, needs_others: bool = False) -> Part:
        given = (f"--{flag}={value}" for flag, value in flags.items())
        return Part(name, (str(kubernetes), name, *given), needs_others)

    return (
        of_kubernetes("etcd", _etcd(layout, ports)),
        Part("containerd", ("containerd", "--config", str(layout.settings / "containerd.toml"))),
        of_kubernetes("kube-apiserver", _apiserver(layout, ports)),
        of_kubernetes("kube-controller-manager", _controller_manager(layout), needs_others=True),
        of_kubernetes("kube-scheduler", _scheduler(layout), needs_others=True),
        of_kubernetes("kubelet", _kubelet(layout, node_address), needs_others=True),
    )


def _etcd(layout: Layout, ports: Ports) -> dict[str, str]:
    clients, peers = f"http://{HOST}:{ports.etcd}", f"http://{HOST}:{ports.etcd_peers}"
    return {
        "data-dir": str(layout.data / "etcd"),
        "unsafe-no-fsync": "true",  # nothing in it is worth keeping
        "log-level": "warn",
        "listen-client-urls": clients,
        "advertise-client-urls": clients,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
    }


def _apiserver(layout: Layout, ports: Ports) -> dict[str, str]:
    pki = layout.pki
    return {
        "etcd-servers": f"http://{HOST}:{ports.etcd}",
        "bind-address": HOST,
        "advertise-address": HOST,
        "secure-port": str(ports.apiserver),
        "endpoint-reconciler-type": "none",  # it refuses to publish an address of the loopback network
        "authorization-mode": "Node,RBAC",
        "client-ca-file": f"{pki}/ca.crt",
        "tls-cert-file": f"{pki}/apiserver.crt",
        "tls-private-key-file": f"{pki}/apiserver.key",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": f"{pki}/service-accounts.pub",
        "service-account-signing-key-file": f"{pki}/service-accounts.key",
        "service-cluster-ip-range": SERVICE_ADDRESSES,
        "allow-privileged": "true",
        "kubelet-client-certificate": f"{pki}/apiserver-kubelet.crt",
        "kubelet-client-key": f"{pki}/apiserver-kubelet.key",
        "kubelet-certificate-authority": f"{pki}/ca.crt",
        "kubelet-preferred-address-types": "Hostname",  # its server listens on this machine's loopback address alone
        "profiling": "false",
    }


def _controller_manager(layout: Layout) -> dict[str, str]:
    pki = layout.pki
    return {
        "kubeconfig": f"{pki}/controller-manager.kubeconfig",
        "secure-port": "0",  # nobody asks it anything
        "leader-elect": "false",
        "use-service-account-credentials": "true",
        "root-ca-file": f"{pki}/ca.crt",
        "service-account-private-key-file": f"{pki}/service-accounts.key",
        "cluster-signing-cert-file": f"{pki}/ca.crt",
        "cluster-signing-key-file": f"{pki}/ca.key",
        # By default it holds itself to 20 calls a second, which some dozens of rollouts at once would wait behind.
        "kube-api-qps": "500",
        "kube-api-burst": "1000",
    }


def _scheduler(layout: Layout) -> dict[str, str]:
    return {"kubeconfig": f"{layout.pki}/scheduler.kubeconfig", "secure-port": "0", "leader-elect": "false"}


def _kubelet(layout: Layout, node_address: str) -> dict[str, str]:
    return {
        "config": f"{layout.settings}/kubelet.json",
        "kubeconfig": f"{layout.pki}/kubelet.kubeconfig",
        "hostname-override": NODE_NAME,
        "node-ip": node_address,
        "root-dir": f"{layout.data}/kubelet",
    }


def kubelet_configuration(layout: Layout, ports: Ports, *, cgroup: str) -> dict[str, Any]:
    """KubeletConfiguration (https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/)."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": HOST,
        "port": ports.kubelet,
        "readOnlyPort": 0,
        "healthzPort": 0,
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{layout.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{layout.pki}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{layout.pki}/kubelet-server.key",
        "podLogsDir": f"{layout.data}/pod-logs",
        "volumePluginDir": f"{layout.data}/volume-plugins",
        "cgroupDriver": "cgroupfs",  # also on a machine with systemd, which would need a slice of ours
        "cgroupRoot": cgroup,
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,  # a machine with the first version of cgroups is good enough for tests
        "failSwapOn": False,
        "resolvConf": "",  # no pod of ours looks up a name
        "makeIPTablesUtilChains": False,
        "imageGCHighThresholdPercent": 100,  # an image that was imported can't be pulled again
        "evictionHard": {"memory.available": "100Mi"},  # a full disk is the machine's matter
        "nodeStatusUpdateFrequency": "5s",
    }


def containerd_configuration(layout: Layout, *, cni_programs: Path) -> str:
    """Containerd's TOML (https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md).

    Its state is where it is by default, on a file system that only the cluster's own processes see.
    """
    return f"""\
version = 2
root = "{layout.data}/containerd"
[grpc]
  address = "{layout.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{layout.data}/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  # Not every machine lets root protect a process from the kernel's search for memory.
  restrict_oom_score_adj = true
  # The network namespaces of pods are mounts too: these are gone with the others.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni_programs}"
    conf_dir = "{layout.settings}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""
