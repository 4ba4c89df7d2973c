"""The protos keep to their style, and everything made from them is current.

Covers: generated code and the access matrix, requests and responses, enums, comments, redaction, what the gateway
routes. Leaves out who may call what, which tests/access compares with a table.
"""

import filecmp
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.methods import public_methods
from tests.architecture.contracts import Field, Method, fields, files, methods
from tests.architecture.sources import ROOT

# Fields that hold a secret's bytes: reviewed. Each is marked debug_redact, and no other is.
_REDACTED = {
    "paas.config.v1.AttachManagedVarRequest.value",
    "paas.leaks.v1.ReportLeaksRequest.body",
    "paas.secrets.v1.SecretAssignment.value",
    "paas.secrets.v1.RevealSecretResponse.value",
    "paas.secrets.v1.RevealedSecret.value",
    "paas.secrets.v1.EnvironmentValue.value",
    "paas.secrets.v1.RotateSecretRequest.value",
    "paas.secrets.v1.SealedValue.value",
    "paas.secrets.v1.StoreManagedValueRequest.value",
    "paas.tokens.v1.CreateTokenResponse.secret",
    "paas.tokens.v1.IssueSignInResponse.secret",
    "paas.tokens.v1.ReportTokenRequest.secret",
    "paas.tokens.v1.RotateTokenResponse.secret",
    "paas.tokens.v1.TestTrustRequest.subject_token",
    "paas.tokens.v1.ExchangeTokenRequest.subject_token",
    "paas.tokens.v1.ExchangeTokenResponse.access_token",
}
# Fields whose name sounds as if they did, and which don't: reviewed.
_PLAIN = {
    "paas.config.v1.Var.value",  # of a config var, which users are told is plain
    "paas.config.v1.Assignment.value",
    "paas.config.v1.StagedVar.value",  # of a config var as well
    "paas.releaser.v1.ReleasedChange.secret",  # whether it is one
    "paas.secrets.v1.DueSecret.secret",  # what may be known of it
    "paas.tokens.v1.RevokeTokenRequest.token",  # a name or an id
    "paas.tokens.v1.RevokeTokenResponse.token",
    "paas.tokens.v1.CreateTokenResponse.token",  # what may be known of it
    "paas.tokens.v1.RotateTokenRequest.token",  # a name or an id
    "paas.tokens.v1.RotateTokenResponse.token",
    "paas.tokens.v1.ExchangeTokenResponse.token",
    "paas.tokens.v1.Condition.value",  # of a claim, which CI systems print
    "paas.tokens.v1.SigningKey.public_key",
}
_SOUNDS_SECRET = re.compile(r"(^|_)(?<!page_)(value|secret|password|token|key|credential|bearer|plaintext)$")
_PUBLIC = {
    "paas.audit.v1.AuditService",
    "paas.config.v1.ConfigService",
    "paas.config.v1.GroupsService",
    "paas.releaser.v1.ReleaserService",
    "paas.secrets.v1.KeysService",
    "paas.secrets.v1.SecretsService",
    "paas.tokens.v1.TokensService",
    "paas.tokens.v1.TrustsService",
}
_INTERNAL_ALONE = {"paas.leaks.v1.LeaksInternalService", "paas.operations.v1.OperationsInternalService"}
# Users' services that share their package, and its internal service, with another.
_PUBLIC_BESIDE = {"paas.config.v1.GroupsService", "paas.secrets.v1.KeysService", "paas.tokens.v1.TrustsService"}


def test_generated_code_is_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "protos" / "generate.py", tmp_path], check=True)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.py*") if "__pycache__" not in path.parts}
    kept = {path.relative_to(ROOT / "gen") for path in (ROOT / "gen").rglob("*.py*") if "__pycache__" not in path.parts}
    assert made == kept, "run `make gen`"
    stale = [path for path in made if not filecmp.cmp(tmp_path / path, ROOT / "gen" / path, shallow=False)]
    assert stale == [], "run `make gen`"


def test_the_access_matrix_is_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "protos" / "access_matrix.py", tmp_path / "matrix.md"], check=True)
    committed = (ROOT / "docs" / "access-matrix.md").read_text(encoding="utf-8")
    assert committed == (tmp_path / "matrix.md").read_text(encoding="utf-8"), "run `python protos/access_matrix.py`"


def test_the_document_of_calls_in_json_is_current(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "protos.openapi", str(tmp_path / "openapi.json")]
    subprocess.run(command, check=True, cwd=ROOT)
    assert filecmp.cmp(tmp_path / "openapi.json", ROOT / "gen" / "openapi.json", shallow=False), "run `make gen`"


def test_the_python_client_is_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "protos.client", str(tmp_path)], check=True, cwd=ROOT)
    services = Path("client/paas_client/services")
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {path for path in made if path.is_relative_to(services)} == {
        path.relative_to(ROOT) for path in (ROOT / services).rglob("*.py")
    }, "run `make gen`"
    stale = [path for path in made if not filecmp.cmp(tmp_path / path, ROOT / path, shallow=False)]
    assert stale == [], "run `make gen`"


def test_the_gateway_routes_exactly_the_public_services() -> None:
    routed = {method.path for method in public_methods()}
    written = {f"/{method}" for method in methods() if f"{method.file.package}.{method.service.name}" in _PUBLIC}
    assert routed == written
    internal = {f"{name.removesuffix('Service')}InternalService" for name in _PUBLIC - _PUBLIC_BESIDE} | _INTERNAL_ALONE
    assert {f"{file.package}.{service.name}" for file in files() for service in file.service} == _PUBLIC | internal


@pytest.mark.parametrize("method", list(methods()), ids=str)
def test_every_rpc_has_its_own_request_and_response(method: Method) -> None:
    package = f".{method.file.package}."
    assert method.proto.input_type == f"{package}{method.proto.name}Request"
    assert method.proto.output_type == f"{package}{method.proto.name}Response"


@pytest.mark.parametrize("method", list(methods()), ids=str)
def test_the_comment_of_an_rpc_ends_with_its_callers(method: Method) -> None:
    said = re.search(r"Callers: (?P<who>[^.]+(?:\.[a-z]+)?)\.$", method.comment)
    assert said, method.comment
    rule = method.rule
    if rule.permission:
        assert said["who"] == f"users with {rule.permission}"
    elif rule.authenticated:
        assert said["who"] == "everyone signed in"
    elif rule.anyone:
        assert said["who"] == "everyone"
    else:
        assert said["who"].split(", ") == list(rule.callers)


@pytest.mark.parametrize("method", list(methods()), ids=str)
def test_a_mutation_has_a_request_id(method: Method) -> None:
    """Of users: what changes something may be sent again. Ending and reading are without effect the second time."""
    if method.rule.permission.endswith((".write", ".manage")):
        names = {
            field.proto.name
            for field in fields()
            if f".{field.file.package}.{field.message.name}" == method.proto.input_type
        }
        reads = method.proto.name.startswith(("List", "Get", "Find", "Read", "Watch", "Revoke", "Delete", "Test"))
        assert ("request_id" in names) != reads


def test_lists_are_paged() -> None:
    for method in methods():
        # What one release goes to, and looks at as a whole.
        whole = {"ListInstances", "ListGroupUses"}
        if method.proto.name.startswith("List") and method.proto.name not in whole:
            requests = {f.proto.name for f in fields() if f.message.name == f"{method.proto.name}Request"}
            responses = {f.proto.name for f in fields() if f.message.name == f"{method.proto.name}Response"}
            assert {"page_size", "page_token"} <= requests, str(method)
            assert "next_page_token" in responses, str(method)


def test_enums_start_at_unspecified() -> None:
    for file in files():
        for enum in file.enum_type:
            prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", enum.name).upper()
            assert (enum.value[0].name, enum.value[0].number) == (f"{prefix}_UNSPECIFIED", 0)
            assert all(value.name.startswith(f"{prefix}_") for value in enum.value)


def test_packages_are_where_their_name_says() -> None:
    for file in files():
        assert re.fullmatch(r"paas\.[a-z]+\.v1", file.package)
        assert file.name.rpartition("/")[0] == file.package.replace(".", "/")
        assert file.syntax == "proto3"


@pytest.mark.parametrize("field", list(fields()), ids=str)
def test_a_field_of_a_request_says_whether_it_is_required(field: Field) -> None:
    if field.message.name.endswith("Request"):
        assert field.comment.startswith(("Required", "Optional")), field.comment


def test_fields_of_secrets_are_redacted_and_no_others() -> None:
    found = {str(field) for field in fields() if field.proto.options.debug_redact}
    assert found == _REDACTED
    assert not _REDACTED & _PLAIN


@pytest.mark.parametrize("field", list(fields()), ids=str)
def test_a_field_that_sounds_secret_was_looked_at(field: Field) -> None:
    if _SOUNDS_SECRET.search(field.proto.name) and field.message.name != "Rule":
        assert str(field) in _REDACTED | _PLAIN
