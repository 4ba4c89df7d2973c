"""The command line and the Python client as people install them: wheels in environments away from any clone.

Leaves out what commands and calls do. Each wheel is built, and what it needs is installed, by the uv that made the
environment of the tests, in the versions of uv.lock.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.installation import Installation, Paas

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".uv" / "bin" / "uv"
OURS = {"paas", "paas_cli", "paas_client", "paas_transport", "transparency", "env_schema", "reference"}
HEAVY = {"grpc", "grpcio", "sqlalchemy", "psycopg", "kubernetes", "cryptography"}


def ran(*command: str | Path, cwd: Path, environ: dict[str, str] | None = None) -> str:
    """Standard output of a program that must succeed."""
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment with the wheel in it, and nothing of ours beside."""
    return _installed(ROOT, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def client_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment with the wheel of the Python client."""
    return _installed(ROOT / "client", tmp_path_factory.mktemp("client"))


def _installed(project: Path, folder: Path) -> Path:
    environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    pinned = folder / "pinned.txt"
    lock = (UV, "export", "--frozen", "--no-default-groups", "--no-emit-project", "--no-hashes", "-q", "-o", pinned)
    ran(*lock, cwd=ROOT, environ=environ)
    ran(UV, "build", "--wheel", "--out-dir", folder, project, cwd=folder, environ=environ)
    (wheel,) = folder.glob("*.whl")
    ran(UV, "venv", "--python", sys.executable, folder / "venv", cwd=folder, environ=environ)
    python = folder / "venv" / "bin" / "python"
    ran(UV, "pip", "install", "--python", python, "-c", pinned, wheel, cwd=folder, environ=environ)
    return folder / "venv"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """An empty folder below no clone."""
    assert not any((folder / ".paas.toml").exists() for folder in (tmp_path, *tmp_path.parents))
    return tmp_path


def test_it_works_away_from_a_clone(installed: Path, elsewhere: Path, installation: Installation, paas: Paas) -> None:
    assert installation.stack
    value = installation.canaries.config()
    paas("config:set", f"WHERE={value}", "--no-wait")
    environ = {"HOME": str(elsewhere), "PATH": os.environ["PATH"]}
    environ |= {name: paas.environment[name] for name in ("PAAS_GATEWAY", "PAAS_TOKEN", "PAAS_APP")}
    program = installed / "bin" / "paas"
    assert ran(program, "--version", cwd=elsewhere, environ=environ).startswith("paas ")
    assert "config:set" in ran(program, "--help", cwd=elsewhere, environ=environ)
    assert f"WHERE={value}" in ran(program, "config", cwd=elsewhere, environ=environ)
    assert ran(program, "__complete", "zsh", "config:uns", cwd=elsewhere, environ=environ).startswith("config:unset\t")
    assert "complete -o nospace" in ran(program, "completion", "bash", cwd=elsewhere, environ=environ)
    assert list(elsewhere.iterdir()) == []  # what is set in the environment leaves nothing behind


def test_it_is_light_and_brings_its_man_page(installed: Path, elsewhere: Path) -> None:
    listed = ran(UV, "pip", "list", "--python", installed / "bin" / "python", "--format", "freeze", cwd=elsewhere)
    names = {line.partition("==")[0].lower() for line in listed.splitlines()}
    assert "paas-cli" in names
    assert names & HEAVY == set()
    assert len(names) < 12
    page = (installed / "share" / "man" / "man1" / "paas.1").read_text(encoding="utf-8")
    assert ".TH PAAS 1" in page
    packages = installed / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    ours = {path.name for path in packages.iterdir() if path.name in OURS}
    assert ours == OURS - {"reference"}


_SCRIPT = """
import importlib.util, sys
from paas_client import Client, NotFound

with Client() as client:
    print(client.config.get_app(app=sys.argv[1]).app.name)
    try:
        client.secrets.reveal_secret(app=sys.argv[1], name="NONE")
    except NotFound as error:
        print(error.reason)
print([name for name in ("click", "rich", "paas_cli", "grpc") if importlib.util.find_spec(name)])
"""


def test_the_client_works_alone_and_typed(
    client_alone: Path, elsewhere: Path, installation: Installation, idle: Paas
) -> None:
    assert installation.stack
    app = idle.environment["PAAS_APP"]
    environ = {name: idle.environment[name] for name in ("PAAS_GATEWAY", "PAAS_TOKEN")}
    script = elsewhere / "script.py"
    script.write_text(_SCRIPT, encoding="utf-8")
    told = ran(client_alone / "bin" / "python", "-I", script, app, cwd=elsewhere, environ=environ)
    assert told.splitlines() == [app, "NAME_NOT_SET", "[]"]
    # As whoever uses it checks it, with a mypy of their own.
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", client_alone / "bin" / "python")
    ran(*mypy, script, cwd=elsewhere, environ={"PATH": os.environ["PATH"]})
    script.write_text(_SCRIPT.replace("app=sys.argv[1]).app", "app=1).app"), encoding="utf-8")
    done = subprocess.run([*mypy, script], cwd=elsewhere, capture_output=True, text=True, check=False)
    assert '"get_app" of "ConfigService" has incompatible type "int"' in done.stdout
