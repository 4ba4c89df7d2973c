"""A cluster's certificates, the command lines of its parts and its record. Leaves out starting any of it."""

import json
import tomllib
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.failures import LocalFailure
from machine.processes import ProcessId
from tests.kubernetes.cluster import pki
from tests.kubernetes.cluster.layout import Layout, Ports, api_url
from tests.kubernetes.cluster.parts import all_parts, containerd_configuration, kubelet_configuration
from tests.kubernetes.cluster.record import Record, read_record, write_record

PORTS = Ports(etcd=1001, etcd_peers=1002, apiserver=1003, kubelet=1004)
LAYOUT = Layout(Path("/tmp/paas-kube-1"))


def _certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_every_certificate_is_of_the_authority(tmp_path: Path) -> None:
    pki.make(tmp_path / "pki", server=api_url(PORTS))
    authority = _certificate(tmp_path / "pki", "ca")
    for name in (*pki.CLIENTS, *pki.SERVERS):
        _certificate(tmp_path / "pki", name).verify_directly_issued_by(authority)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "pki").iterdir()} == {0o600}


def test_a_client_is_its_user_and_groups_and_no_server(tmp_path: Path) -> None:
    pki.make(tmp_path, server=api_url(PORTS))
    kubelet = _certificate(tmp_path, "kubelet")
    assert [each.value for each in kubelet.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [
        "system:node:localhost"
    ]
    assert [each.value for each in kubelet.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == [
        "system:nodes"
    ]
    usage = kubelet.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(x509.ExtensionNotFound):
        kubelet.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_a_kubeconfig_names_its_client(tmp_path: Path) -> None:
    pki.make(tmp_path, server=api_url(PORTS))
    found = json.loads((tmp_path / "scheduler.kubeconfig").read_text())
    assert found["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:1003"
    assert found["users"][0]["user"]["client-certificate"] == str(tmp_path / "scheduler.crt")


def test_everything_listens_on_the_loopback_address_alone() -> None:
    parts = {
        part.name: " ".join(part.command)
        for part in all_parts(LAYOUT, PORTS, kubernetes=Path("/k"), node_address="198.18.3.1")
    }
    assert set(parts) == {
        "etcd", "containerd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet",
    }  # fmt: skip
    assert "--listen-client-urls=http://127.0.0.1:1001 " in parts["etcd"]
    assert "--listen-peer-urls=http://127.0.0.1:1002 " in parts["etcd"]
    assert "--bind-address=127.0.0.1 " in parts["kube-apiserver"]
    assert "--secure-port=0" in parts["kube-controller-manager"]
    assert "--secure-port=0" in parts["kube-scheduler"]
    kubelet = kubelet_configuration(LAYOUT, PORTS, cgroup="/paas-kubernetes-1")
    assert (kubelet["address"], kubelet["readOnlyPort"], kubelet["healthzPort"]) == ("127.0.0.1", 0, 0)
    assert kubelet["cgroupRoot"] == "/paas-kubernetes-1"


def test_containerd_reads_its_settings() -> None:
    found = tomllib.loads(containerd_configuration(LAYOUT, cni_programs=Path("/usr/lib/cni")))
    cri = found["plugins"]["io.containerd.grpc.v1.cri"]
    assert found["grpc"]["address"] == "/tmp/paas-kube-1/containerd.sock"
    assert cri["cni"] == {"bin_dir": "/usr/lib/cni", "conf_dir": "/tmp/paas-kube-1/settings/cni"}
    assert cri["restrict_oom_score_adj"] is True


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_record(tmp_path / "record") is None
    record = Record(
        ProcessId(7, 8, "boot"), 3, "/paas-kubernetes-1", PORTS, "/k", ("/i.tar",), ProcessId(9, 10, "boot")
    )
    write_record(tmp_path / "record", record)
    assert read_record(tmp_path / "record") == record


def test_a_path_too_long_for_sockets_is_refused() -> None:
    LAYOUT.require_short()
    with pytest.raises(LocalFailure, match="too long"):
        Layout(Path("/tmp") / ("x" * 100)).require_short()
