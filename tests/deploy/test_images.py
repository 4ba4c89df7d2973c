"""The Dockerfile: each image has its service's group and its code and nothing else, and is not root's.

No image is built here. What is: the tree that a target's COPY lines make, and, thoroughly, its environment from its
RUN line; the service then starts in these two far enough to name the settings that it lacks.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from local.ports import DASHBOARD
from tests.architecture.sources import ROOT, SERVICES, Source
from tests.architecture.sources import sources as sources_of
from tests.deploy.dockerfile import Stage, lineage, stages
from tests.deploy.rendered import IMAGES, pods, program_of

_SYNC = re.compile(r"uv sync --frozen --only-group (\w+)(?: \$\{MORE_GROUPS\})?\Z")
# What the dashboard has of those who call the gateway, and the folder it is in.
_OF_CLIENTS = {"paas_cli": "cli", "paas_transport": "client"}
_UV = str(ROOT / ".uv" / "bin" / "uv")


def _whole(target: str) -> list[Stage]:
    known = stages()
    return lineage(known[target], known)


def _copied(target: str) -> list[tuple[list[str], str]]:
    """What a target copies from the repository: sources and where to."""
    lines = [each.split() for stage in _whole(target) for each in stage.of("COPY")]
    return [(each[:-1], each[-1]) for each in lines if not each[0].startswith("--from=")]


def _tree(target: str, folder: Path) -> None:
    """The files of a target's own, as its COPY lines put them."""
    for sources, destination in _copied(target):
        for source in sources:
            to = folder / destination
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                to = to / Path(source).name if destination.endswith("/") else to
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / source, to)


def _group(target: str) -> str:
    """The dependency group that a target's environment is made from."""
    (environment,) = [
        each.split()[0].removeprefix("--from=")
        for stage in _whole(target)
        for each in stage.of("COPY")
        if each.startswith("--from=")
    ]
    run, *again = stages()[environment].of("RUN")
    found = _SYNC.match(run)
    assert found, run
    assert all(each.startswith(f"{run} --reinstall-package ") for each in again)
    return found[1]


def _own(target: str) -> set[str]:
    """The code that no other image has. The dashboard reads what people paste with the command line's parser."""
    return {DASHBOARD, "cli/paas_cli", "client/paas_transport"} if target == DASHBOARD else {f"services/{target}"}


@pytest.mark.parametrize("target", IMAGES)
def test_an_image_has_its_own_group_and_its_own_code(target: str) -> None:
    assert _group(target) == target
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert target in groups
    copied = {source for sources, _ in _copied(target) for source in sources}
    assert all((ROOT / source).exists() for source in copied)
    others = {
        *(f"services/{service}" for service in SERVICES),
        DASHBOARD,
        "cli/paas_cli",
        "client/paas_transport",
    } - _own(target)
    assert not copied & {*others, "services", "local", "tests", "cli", "client", "."}


@pytest.mark.parametrize("target", IMAGES)
def test_an_image_runs_as_nobody_in_particular(target: str) -> None:
    users = [each for stage in _whole(target) for each in stage.of("USER")]
    template = dict(pods("production"))[target]
    context = template["spec"]["securityContext"]
    assert users == [f"{context['runAsUser']}:{context['runAsGroup']}"]
    (container,) = template["spec"]["containers"]
    assert [each for stage in _whole(target) for each in stage.of("ENTRYPOINT")] == ['["python", "-m"]']
    assert stages()[target].of("CMD") == [f'["{container["args"][0]}"]']


def test_uv_is_the_one_that_the_lock_was_made_with() -> None:
    (install,) = stages()["locked"].of("RUN")
    (version,) = re.findall(r"^UV_VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert install.endswith(f" uv=={version}")


def test_nothing_else_of_the_folder_is_sent_to_a_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    needed = {source.split("/")[0] for target in IMAGES for sources, _ in _copied(target) for source in sources}
    assert lines[0] == "*"
    assert sent == needed | {"pyproject.toml", "uv.lock"}


@pytest.mark.parametrize("target", IMAGES)
def test_what_an_image_imports_is_in_it(target: str, tmp_path: Path) -> None:
    """Its own modules are copied, those of others come with its group, or with that of traces."""
    _tree(target, tmp_path)
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"gen"}
    brought = _distributions(_group(target)) | _distributions("traces")
    distributions = packages_distributions()
    for path in tmp_path.rglob("*.py"):
        # Of the command line, only what the dashboard imports is used: the test after this one.
        if path.relative_to(tmp_path).parts[0] in ("gen", "cli", "client"):
            continue
        for name in Source(path.relative_to(tmp_path).as_posix(), path.read_text()).imports():
            root = name.split(".")[0]
            if root in _OF_CLIENTS:
                assert _is_there(f"{_OF_CLIENTS[root]}.{name}", tmp_path), (path, name)
            elif root in ours:
                assert _is_there(name, tmp_path), (path, name)
            elif root not in {*sys.stdlib_module_names, "paas"}:
                assert {_canonical(each) for each in distributions[root]} & brought, (path, name)


def test_what_the_dashboard_has_of_the_command_line_needs_no_package() -> None:
    modules = {
        name.rpartition(".")[0]
        for source in sources_of(DASHBOARD)
        for name in source.imports_any(*_OF_CLIENTS)
        if name.count(".") > 1
    }
    assert modules
    # Without what is installed: none of the packages of the command line is in the dashboard's group.
    imports = "; ".join(f"import {module}" for module in sorted(modules))
    command = [sys.executable, "-S", "-c", imports]
    ended = subprocess.run(
        command, env={"PYTHONPATH": f"{ROOT / 'cli'}:{ROOT / 'client'}"}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def _is_there(name: str, tree: Path) -> bool:
    """Whether a module, or what is imported from one, has a file in the tree."""
    module = tree.joinpath(*name.split("."))
    return any(
        each.with_suffix(".py").is_file() or (each / "__init__.py").is_file() for each in (module, module.parent)
    )


def _distributions(group: str) -> set[str]:
    """Everything that a dependency group installs, by its canonical name."""
    command = [_UV, "export", "--frozen", "--only-group", group, "--no-hashes", "--no-annotate", "--no-header"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {_canonical(re.split(r"[=\[ ;]", line)[0]) for line in listed.splitlines() if line}


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@pytest.mark.thorough
@pytest.mark.parametrize("target", IMAGES)
def test_an_image_s_group_is_all_it_imports_of_others(target: str, tmp_path: Path) -> None:
    _tree(target, tmp_path)
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    command = [_UV, "sync", "--frozen", "--only-group", _group(target), "--python", sys.executable]
    environment = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"UV_PROJECT_ENVIRONMENT": str(tmp_path / ".venv")},
        check=True,
        capture_output=True,
    )
    _starts(tmp_path / ".venv" / "bin" / "python", target, tmp_path)


def _starts(python: Path, target: str, folder: Path) -> None:
    migrated = [] if target == "gateway" else [["services.migrations", target]]
    programs = [["gateway.process" if target == "gateway" else program_of(target)], *migrated]
    for arguments in programs:
        ended = subprocess.run(
            [str(python), "-m", *arguments],
            cwd=folder,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": f"{folder / 'gen'}:{folder / 'cli'}:{folder / 'client'}",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"{target}: PAAS_"), ended.stderr
        assert "is not set" in ended.stderr
