"""`docs/cli-json.md` names every key that `--json` prints, and every command has its line there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from paas.config.v1 import config_pb2

from paas_cli.catalogue import ENTRIES
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import App, Platform
from tests.unit.cli.conftest import Paas

DOCUMENT = (Path(__file__).parents[3] / "docs" / "cli-json.md").read_text(encoding="utf-8")

COMMANDS = [
    ("config",),
    ("config", "--names"),
    ("config:get", "A"),
    ("config:get", "A", "B"),
    ("config:diff", "web"),
    ("config:diff", "live"),
    ("config:copy", "--from", "web", "--to", "live", "--yes"),
    ("promote", "web", "live", "--dry-run"),
    ("config:set", "B=2"),
    ("config:set", "B=2", "--dry-run"),
    ("config:unset", "A", "--stage"),
    ("schema",),
    ("schema:check", "given.schema"),
    ("schema:init", "-"),
    ("schema:set", "given.schema"),
    ("schema:unset",),
    ("groups",),
    ("groups:create", "eu"),
    ("groups:info", "shared"),
    ("groups:attach", "spare", "--dry-run"),
    ("groups:attach", "spare"),
    ("groups:detach", "shared", "--no-wait"),
    ("groups:destroy", "spare", "--confirm", "spare"),
    ("config:set", "G=2", "-a", "shared"),
    ("config:set", "G=2", "-a", "shared", "--dry-run"),
    ("secrets",),
    ("secrets", "--names"),
    ("secrets:seal", "A", "--dry-run"),
    ("secrets:get", "S"),
    ("secrets:get", "S", "T"),
    ("secrets:set", "S=2", "--no-wait"),
    ("secrets:import", "given.env", "--no-wait"),
    ("config:import", "given.env", "--split", "--stage"),
    ("config:import", "given.env", "--split", "--dry-run"),
    ("secrets:rotate", "S"),
    ("secrets:set", "S=3", "--expires", "90d", "--no-wait"),
    ("secrets:expire", "S", "90d"),
    ("secrets:due",),
    ("secrets:unset", "S"),
    ("releases",),
    ("releases:info", "v1"),
    ("releases:watch", "v1"),
    ("releases:diff", "v1"),
    ("releases:create",),
    ("releases:create", "--dry-run"),
    ("restart",),
    ("staged",),
    ("staged:discard",),
    ("rollback", "v1"),
    ("rollback", "v1", "--dry-run"),
    ("apps:list",),
    ("apps:create", "shop", "--", "x"),
    ("apps:info",),
    ("ps",),
    ("logs",),
    ("apps:update", "--instances", "3"),
    ("apps:destroy", "--confirm", "web"),
    ("login", "--with-token"),
    ("logout",),
    ("whoami",),
    ("help",),
    ("auth",),
    ("auth:switch", "kept"),
    ("auth:rename", "kept", "work"),
    ("completion", "bash"),
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
    signed_in.apps["live"] = App(config_pb2.AppSpec(), vars={"A": "other"})
    web.vars, web.managed, web.secrets = (
        {"A": "1", "B": "1"},
        {"DATABASE_URL": "postgres://..."},
        {"S": "c4n4ry", "T": "1"},
    )
    web.spec.schema = "# The letter.\nA=c\nS=\n"
    Path("given.schema").write_text(web.spec.schema, encoding="utf-8")
    web.config.stage("A", "2")
    web.sealed.stage("S", "c4n4ry-staged")
    web.staged_spec = config_pb2.AppSpec(command=["other"])
    signed_in.release("web", "Set A")
    signed_in.record("secrets.get", "web", "S")
    signed_in.add_group("shared", A="1", G="1").secrets["H"] = "c4n4ry"
    signed_in.add_group("spare", X="1")
    web.spec.groups.append("shared")
    paas("login", "--profile", "kept", "--with-token", stdin=TOKEN.encode())
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
    Path("given.env").write_text("S_KEY=c4n4ry\nA_LEVEL=2\n", encoding="utf-8")
    result = paas(arguments[0], "--json", *arguments[1:], stdin=TOKEN.encode())
    differs = arguments == ("config:diff", "live")
    assert result.exit_code == int(differs), result.err
    documents = result.lines if arguments == ("audit:export",) else [result.out]
    undocumented = {key for each in documents for key in keys(json.loads(each)) if f'"{key}"' not in DOCUMENT}
    assert undocumented == set()
    if arguments[0] != "secrets:get":
        assert "c4n4ry" not in result.out


def test_every_command_has_its_line() -> None:
    named = set(re.findall(r"`([a-z:-]+)`", DOCUMENT))
    assert set(ENTRIES) <= named
