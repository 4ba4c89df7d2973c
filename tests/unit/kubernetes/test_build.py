"""The key under which the cluster's programs are kept. Building them is left to `make test-kubernetes`."""

import shutil
from pathlib import Path

import pytest

from tests.kubernetes.cluster import build


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what is built."""
    return Path(shutil.copytree(build.SOURCES, tmp_path / "go"))


def test_the_key_is_the_same_for_the_same(sources: Path) -> None:
    assert build.key(sources=sources, go_version="go1.26.0") == build.key(sources=build.SOURCES, go_version="go1.26.0")


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go", "pause/main.go"])
def test_the_key_changes_with_each_file(sources: Path, name: str) -> None:
    before = build.key(sources=sources, go_version="go1.26.0")
    with (sources / name).open("a") as file:
        file.write("\n")
    assert build.key(sources=sources, go_version="go1.26.0") != before


def test_the_key_changes_with_go_and_with_the_flags(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.key(sources=sources, go_version="go1.26.0")
    assert build.key(sources=sources, go_version="go1.26.1") != before
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-race"))
    assert build.key(sources=sources, go_version="go1.26.0") != before


def test_every_source_is_in_the_key() -> None:
    found = {path.relative_to(build.SOURCES).as_posix() for path in build.SOURCES.rglob("*") if path.is_file()}
    assert found == {"go.mod", "go.sum", "main.go", "pause/main.go"}


def test_the_version_is_that_of_the_modules() -> None:
    assert f"k8s.io/kubernetes v{build.VERSION}\n" in (build.SOURCES / "go.mod").read_text()


def test_what_is_built_is_outside_the_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert build.cache_folder() == tmp_path / "paas" / "kubernetes"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))
    assert build.cache_folder() == tmp_path / "somebody" / ".cache" / "paas" / "kubernetes"
