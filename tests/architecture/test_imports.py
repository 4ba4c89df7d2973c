"""What may import what, where import-linter can't say it: single files, and packages inside of others' namespaces.

Covers the two privileges (KMS, Kubernetes), the file table of a service, database drivers, mock libraries. Layers
between packages are import-linter's contracts in pyproject.toml.
"""

import ast
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT, SERVICES, Source, sources

_DRIVERS = ("psycopg", "psycopg_pool", "sqlalchemy", "alembic")
_MESSAGES = ("paas", "google", "envoy", "grpc", "grpc_status", "grpc_health", "grpc_reflection")

# Files that may use a database driver beside every service's store.py, *_store.py and migrations.
_DRIVERS_ALLOWED = {
    "paaskit/db/arrays.py",
    "paaskit/db/database.py",
    "paaskit/db/failures.py",
    "paaskit/db/pool.py",
    "paaskit/db/turns.py",
    "paaskit/migrations.py",  # imported by whoever deploys
    "local/databases.py",  # makes the databases and roles
    "local/schema/catalog.py",  # reads PostgreSQL's own catalog, and no table
    "local/schema/__main__.py",
    "tests/fixtures/postgres.py",
}


@pytest.mark.parametrize(
    ("module", "only"),
    [
        ("google.cloud", "services/secrets/keys/kms/gcp.py"),
        ("google.api_core", "services/secrets/keys/kms/gcp.py"),
        ("google.auth", "services/secrets/keys/kms/gcp.py"),
        ("google_crc32c", "services/secrets/keys/kms/gcp.py"),
        ("kubernetes", "services/releaser/cluster.py"),
        ("kubernetes_asyncio", ""),
        ("boto3", ""),
    ],
)
def test_a_privilege_is_held_by_one_file(module: str, only: str) -> None:
    """But for the messages that the fake of Cloud KMS answers with."""
    found = {source.path for source in sources() if source.imports_any(module)}
    assert found - {"tests/fakes/cloud_kms/messages.py"} <= {only}


def test_cryptography_of_the_command_line_is_in_one_file_that_its_commands_import_late() -> None:
    """It is an extra, and a quarter of a second to import: nothing has it but a witness that runs."""
    found = {source.path for source in sources("cli") if source.imports_any("cryptography")}
    assert found == {"cli/paas_cli/witness/signing.py"}
    late = "from paas_cli.witness import signing"
    users = [source for source in sources("cli") if late in source.text]
    assert [source.path for source in users] == ["cli/paas_cli/commands/audit_log/witness.py"]
    assert all(f"\n{late}" not in source.text for source in users)


def test_cryptography_of_secrets_is_in_one_folder() -> None:
    """Who wants to know how values are sealed reads `keys/`, and nothing else has to be read for it."""
    found = {source.path for source in sources("services/secrets") if source.imports_any("cryptography", "hmac")}
    assert {path.rpartition("/")[0] for path in found} == {"services/secrets/keys", "services/secrets/keys/kms"}


def test_rules_of_secrets_wait_for_nothing() -> None:
    """They are pure: what is stored goes in, what is to be written comes out."""
    for source in sources("services/secrets/rules"):
        waits = [node for node in ast.walk(source.tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
        assert waits == [], source.path
        assert (
            source.imports_any("grpc", "google", *_DRIVERS, "services.secrets.store", "services.secrets.registry") == []
        )


@pytest.mark.parametrize("source", sources("transparency"), ids=lambda each: each.path)
def test_verifying_a_log_takes_the_standard_library_alone(source: Source) -> None:
    """Whoever wants to verify one copies the folder; nothing has to be installed or believed beside it."""
    roots = {name.partition(".")[0] for name in source.imports()}
    assert roots - sys.stdlib_module_names <= {"transparency"}
    assert not source.imports_any(
        "os", "socket", "urllib", "http", "subprocess", "time", "asyncio", "random", "secrets"
    )


def test_the_check_of_privileges_sees_every_way_to_import() -> None:
    ways = [
        "import google.cloud.kms",
        "from google.cloud import kms_v1",
        "from google.cloud import kms",
        "from google.cloud.kms import x",
        "import kubernetes",
    ]
    for way in ways:
        assert Source("x.py", f"def f():\n    {way}\n").imports_any("google.cloud", "kubernetes"), way


@pytest.mark.parametrize(
    "source",
    sources("paaskit", "services", "gateway", "cli", "client", "local", "machine", "transparency"),
    ids=lambda each: each.path,
)
def test_database_drivers_stay_in_stores(source: Source) -> None:
    if source.name == "store.py" or source.name.endswith("_store.py") or "/migrations/" in source.path:
        return
    if source.path in _DRIVERS_ALLOWED:
        return
    assert source.imports_any(*_DRIVERS) == []


@pytest.mark.parametrize("source", sources("services"), ids=lambda each: each.path)
def test_a_running_service_does_not_import_its_migrations(source: Source) -> None:
    if "/migrations/" not in source.path:
        assert source.imports_any("sqlalchemy", "alembic", "paaskit.migrations") == []


def test_the_schema_is_written_in_the_migrations_alone() -> None:
    """Alembic connects with SQLAlchemy; a second description of the tables would have to be kept equal by hand."""
    assert {source.path for source in sources() if source.imports_any("sqlalchemy")} == {"paaskit/migrations.py"}


@pytest.mark.parametrize("source", sources("services"), ids=lambda each: each.path)
def test_the_file_table(source: Source) -> None:
    if source.name == "rpc.py" or source.name.endswith("_rpc.py"):
        assert source.imports_any(*_DRIVERS, "google.cloud", "kubernetes", "grpc") == []
        assert not [node for node in ast.walk(source.tree) if isinstance(node, ast.Try)], "an rpc module has no try"
        for function in ast.walk(source.tree):
            if isinstance(function, ast.AsyncFunctionDef) and function.name[0].isupper():
                assert function.end_lineno is not None
                assert function.end_lineno - function.lineno < 20, f"{function.name} is long for a translation"
    if source.name in {"domain.py", "plan.py"} or "/rules/" in source.path:
        assert source.imports_any(*_MESSAGES, *_DRIVERS) == []
    if source.name not in {"server.py", "choice.py", "__main__.py"}:  # composition roots
        assert [name for name in source.imports() if name.endswith(".settings.Settings")] == []
    if source.name != "__main__.py":
        assert "os.environ" not in source.text
        assert "getenv" not in source.text


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_its_files(service: str) -> None:
    folder = ROOT / "services" / service
    wanted = ["__init__", "__main__", "settings", "server", "rpc", "store", "migrations/env"]
    assert [
        name for name in wanted if not any((folder / file).is_file() for file in (f"{name}.py", f"{name}/__init__.py"))
    ] == []
    assert (folder / "README.md").is_file(), (
        "a service says what it holds, calls, stores, and what if it is compromised"
    )


@pytest.mark.parametrize("source", sources("tests"), ids=lambda each: each.path)
def test_tests_use_fakes_and_no_mocks(source: Source) -> None:
    assert source.imports_any("unittest", "mock", "pytest_mock", "asynctest", "respx", "responses") == []


@pytest.mark.parametrize(
    "module", ["services.config.server", "services.secrets.server", "paas_cli.__main__", "paas_client"]
)
def test_importing_has_no_effects_and_no_burden(module: str) -> None:
    """In an interpreter of its own: nothing is printed, and what is heavy or privileged is not loaded."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert done.stderr == ""
    assert not loaded & {"sqlalchemy", "alembic", "kubernetes", "google.cloud", "google.auth"}
    if module.startswith(("paas_cli", "paas_client")):
        assert not loaded & {"grpc", "rich", "paaskit", "cryptography"}
    if module == "paas_client":
        assert not loaded & {"click", "paas_cli"}
