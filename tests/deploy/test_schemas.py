"""Every manifest against the schemas of Kubernetes 1.37, strictly, and skaffold.yaml against what it names.

skaffold itself is not asked: it is no package that a test could bring.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.deploy.dockerfile import stages
from tests.deploy.rendered import FOREIGN, IMAGES, OTHERS, OVERLAYS, manifests, of_kind, pods, text

_PROGRAM = Path(sys.prefix) / "bin" / "kubernetes-validate"


@pytest.mark.parametrize("place", [*OVERLAYS, "tenant"])
def test_manifests_are_strictly_of_kubernetes_1_37(place: str, tmp_path: Path) -> None:
    file = tmp_path / f"{place}.yaml"
    file.write_text(text(place))
    done = subprocess.run([_PROGRAM, "-k", "1.37", "--strict", file], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 0, lines
    ours = [each for each in manifests(place) if each["kind"] not in FOREIGN]
    assert sum(" passed for resource " in line for line in lines) == len(ours) > 0


def test_a_manifest_with_a_word_of_nobody_s_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text("tenant").replace("podSelector", "podSelectors", 1))
    done = subprocess.run([_PROGRAM, "-k", "1.37", "--strict", file], capture_output=True, text=True, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("place", [*OVERLAYS, "tenant"])
def test_names_are_given_once(place: str) -> None:
    keys = [(each["kind"], each["metadata"]["name"]) for each in manifests(place)]
    assert len(keys) == len(set(keys))


def test_skaffold_builds_the_images_that_are_deployed_from_targets_that_there_are() -> None:
    skaffold = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    assert (skaffold["apiVersion"], skaffold["kind"]) == ("skaffold/v4beta13", "Config")
    built = {each["image"]: each["docker"] for each in skaffold["build"]["artifacts"]}
    assert built == {f"paas-{name}": {"dockerfile": "Dockerfile", "target": name} for name in IMAGES}
    assert set(IMAGES) <= set(stages())
    deployed = {
        container["image"]
        for name, template in pods("local")
        if name not in OTHERS
        for container in template["spec"]["containers"]
    }
    assert deployed == set(built)


def test_skaffold_deploys_and_forwards_what_there_is() -> None:
    skaffold = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    (overlay,) = skaffold["manifests"]["kustomize"]["paths"]
    assert (ROOT / overlay / "kustomization.yaml").is_file()
    for each in skaffold["portForward"]:
        service = of_kind("local", each["resourceType"].capitalize())[each["resourceName"]]
        assert service["metadata"]["namespace"] == each["namespace"]
        assert each["port"] in {port["port"] for port in service["spec"]["ports"]}
    (hook,) = skaffold["deploy"]["kubectl"]["hooks"]["before"]
    label, _, value = hook["host"]["command"][-1].partition("=")
    jobs = of_kind("local", "Job")
    assert jobs
    assert {each["metadata"]["labels"][label] for each in jobs.values()} == {value}
