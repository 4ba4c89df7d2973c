"""`docs/cli-json.md` names every key that `--json` prints, and every command has its line there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from paas.config.v1 import config_pb2

from paas_cli.program import ENTRIES
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

DOCUMENT = (Path(__file__).parents[3] / "docs" / "cli-json.md").read_text(encoding="utf-8")

COMMANDS = [
    ("config",),
    ("config:set", "B=2"),
    ("config:set", "B=2", "--dry-run"),
    ("config:unset", "A", "--stage"),
    ("secrets",),
    ("secrets:get", "S"),
    ("secrets:get", "S", "T"),
    ("secrets:set", "S=2", "--no-wait"),
    ("secrets:rotate", "S"),
    ("secrets:unset", "S"),
    ("releases",),
    ("releases:info", "v1"),
    ("releases:create",),
    ("releases:create", "--dry-run"),
    ("staged",),
    ("staged:discard",),
    ("rollback", "v1"),
    ("rollback", "v1", "--dry-run"),
    ("apps:list",),
    ("apps:create", "shop", "--", "x"),
    ("apps:info",),
    ("apps:update", "--instances", "3"),
    ("apps:destroy", "--confirm", "web"),
    ("login", "--with-token"),
    ("logout",),
    ("whoami",),
    ("open",),
    ("tokens:create", "--name", "new"),
    ("tokens:list",),
    ("tokens:rotate", "ci"),
    ("tokens:revoke", "ci"),
    ("keys",),
    ("keys:rotate",),
    ("keys:rotate", "--no-wait"),
    ("keys:shred", "--confirm", "acme"),
    ("tokens:trust:add", "--issuer", "https://ci.example", "--subject", "x", "--claim", "repository_id=456789"),
    ("tokens:trust:list",),
    ("tokens:trust:test", "app", "--token-file", "good"),
    ("tokens:trust:remove", "app"),
    ("tokens:exchange", "--trust", f"{1:032x}", "--token-file", "good"),
    ("tokens:report",),
    ("audit",),
    ("audit:export",),
    ("audit:checkpoint",),
    ("audit:verify",),
    ("audit:verify", "--all"),
    ("audit:verify-proof", "given.tlog-proof"),
    ("witness", "--key", "w.key", "--make-key", "witness.example/w1"),
    ("version",),
]


def keys(document: object) -> Iterator[str]:
    """Every key at any depth."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from keys(value)
    elif isinstance(document, list):
        for item in document:
            yield from keys(item)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_one_document_whose_keys_are_documented(paas: Paas, signed_in: Platform, arguments: tuple[str, ...]) -> None:
    web = signed_in.apps["web"]
    web.vars, web.managed, web.secrets = {"A": "1"}, {"DATABASE_URL": "postgres://..."}, {"S": "c4n4ry", "T": "1"}
    web.config.stage("A", "2")
    web.sealed.stage("S", "c4n4ry-staged")
    web.staged_spec = config_pb2.AppSpec(command=["other"])
    signed_in.release("web", "Set A")
    signed_in.record("secrets.get", "web", "S")
    signed_in.gateway.links = lambda *_: (200, {"url": "http://127.0.0.1/link", "ends_at": "2026-01-01T00:00:00Z"})
    paas("tokens:create", "--name", "ci", "--proof", "given.tlog-proof")
    paas(
        "tokens:trust:add",
        "--issuer",
        "https://ci.example",
        "--subject",
        "x",
        "--name",
        "app",
        "--claim",
        "repository_id=1",
    )
    Path("good").write_text("good.token.signed", encoding="utf-8")
    result = paas(arguments[0], "--json", *arguments[1:], stdin=TOKEN.encode())
    assert result.exit_code == 0, result.err
    documents = result.lines if arguments == ("audit:export",) else [result.out]
    undocumented = {key for each in documents for key in keys(json.loads(each)) if f'"{key}"' not in DOCUMENT}
    assert undocumented == set()
    if arguments[0] != "secrets:get":
        assert "c4n4ry" not in result.out


def test_every_command_has_its_line() -> None:
    named = set(re.findall(r"`([a-z:-]+)`", DOCUMENT))
    assert set(ENTRIES) <= named
