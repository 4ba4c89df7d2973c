"""What Keycloak is kept under, and what it gets of this machine. Building it is left to `make test-keycloak`."""

from pathlib import Path

import pytest

from local.failures import LocalFailure
from tests.fixtures.user_cache import cache_folder
from tests.keycloak.server import database, distribution, needs


@pytest.mark.parametrize("name", ["VERSION", "SHA256", "BUILD_OPTIONS"])
def test_the_key_changes_with_what_is_built(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = distribution.key()
    assert before == distribution.key()
    monkeypatch.setattr(distribution, name, ("another",) if name == "BUILD_OPTIONS" else "another")
    assert distribution.key() != before


def test_what_is_kept_is_outside_the_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("keycloak") == tmp_path / "paas" / "keycloak"


def test_what_is_not_what_is_pinned_is_not_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever Maven's settings name as its repository."""
    _program(tmp_path / "java", "echo 'version \"17.0.1\"' >&2")
    _program(
        tmp_path / "mvn",
        'for each; do case "$each" in -DoutputDirectory=*) folder="${each#*=}";; esac; done',
        f'echo other > "$folder/keycloak-quarkus-dist-{distribution.VERSION}.zip"',
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(LocalFailure, match="is not what is pinned"):
        distribution.ensure_built()
    assert not list((tmp_path / "cache").rglob("built"))


def test_settings_of_this_user_are_none_of_its(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KC_DB", "postgres")
    monkeypatch.setenv("JAVA_OPTS", "-Xmx8g")
    told = distribution.environment()
    assert not {"KC_DB", "JAVA_OPTS"} & told.keys()
    assert "-Xmx384m" in told["JAVA_OPTS_KC_HEAP"]


def test_each_database_is_in_its_own_folder(tmp_path: Path) -> None:
    assert all(str(tmp_path) in option for option in database.private_options(tmp_path))


@pytest.mark.parametrize(("said", "version"), [('openjdk version "17.0.15" 2025', 17), ('java version "1.8.0"', 1)])
def test_an_old_java_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, version: int) -> None:
    (tmp_path / "bin").mkdir()
    _program(tmp_path / "bin" / "java", f"echo '{said}' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert needs.java_version() == version
    missing = [] if version >= needs.OLDEST_JAVA else ["default-jre-headless"]
    assert needs.missing_packages(maven=False) == missing


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(LocalFailure, match="default-jre-headless maven"):
        needs.ensure(maven=True)


def _program(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
