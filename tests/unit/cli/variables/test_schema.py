"""`paas schema` and its verbs, and what a dry run says of the app's schema.

Leaves out how a schema is read and what is of which type (tests/unit/env_schema), and what a release makes of it
(tests/integration/releaser).
"""

import json
from pathlib import Path

import pytest

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

CANARY = "c4n4ry"
SCHEMA = (
    "# @defaultRequired=true @defaultSensitive=false\n# ---\n\n"
    "# @type=enum(debug, info)\nLOG_LEVEL=info\n\n"
    "# How many at once.\n# @type=number\nWORKERS=\n\n"
    "# @sensitive @type=number\nAPI_KEY=\n\n"
    "# @type=port\nPORT=\n"
)


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app that is as SCHEMA says, which is in the folder and not with the app."""
    Path(".env.schema").write_text(SCHEMA, encoding="utf-8")
    signed_in.apps["web"].vars |= {"LOG_LEVEL": "debug", "WORKERS": "2"}
    signed_in.apps["web"].secrets["API_KEY"] = CANARY
    return signed_in


def test_an_app_that_is_as_the_schema_says(paas: Paas, web: Platform) -> None:
    """The types of secrets are not looked at, and nothing is revealed; the platform gives PORT."""
    result = paas("schema:check")
    assert (result.exit_code, result.out, result.err) == (0, "web is as .env.schema says\n", "")
    assert not web.events


def test_an_app_that_is_not(paas: Paas, web: Platform) -> None:
    app = web.apps["web"]
    app.vars |= {"LOG_LEVEL": CANARY, "API_KEY": CANARY, "MORE": "1"}
    del app.vars["WORKERS"]
    del app.secrets["API_KEY"]
    result = paas("schema:check", "-a", "web")
    assert result.exit_code == 1
    assert result.lines == [
        "LOG_LEVEL is not one of debug, info",
        "WORKERS is not set",
        "API_KEY is @sensitive, and not a secret but a config var",
    ]
    assert result.err.splitlines() == [
        "note: The schema says nothing of MORE.",
        "error: web is not as .env.schema says: 3 variables of it are wrong.",
    ]
    document = json.loads(paas("schema:check", "--json").out)
    assert document == {
        "app": "web",
        "env_file": None,
        "file": ".env.schema",
        "violations": [
            {"name": "LOG_LEVEL", "rule": "type", "fault": "is not one of debug, info"},
            {"name": "WORKERS", "rule": "missing", "fault": "is not set"},
            {
                "name": "API_KEY",
                "rule": "sensitive",
                "fault": "is @sensitive, and not a secret but a config var",
            },
        ],
        "undeclared": ["MORE"],
    }
    assert CANARY not in json.dumps(document) + result.out + result.err


def test_who_may_not_list_secrets_is_told_of_none_that_is_missing(paas: Paas, web: Platform) -> None:
    del web.apps["web"].secrets["API_KEY"]
    web.apps["web"].vars["WORKERS"] = CANARY
    denied = Fault(7, "You may not.", reason="PERMISSION_DENIED", metadata={"permission": "secrets.list"})
    web.gateway.fail("ListSecrets", denied)
    result = paas("schema:check")
    assert (result.exit_code, result.lines) == (1, ["WORKERS is not a number"])
    assert "names of secrets of web can't be listed" in result.err


def test_a_file_is_checked_without_a_sign_in(paas: Paas, home: Path) -> None:
    Path("s").write_text(SCHEMA, encoding="utf-8")
    Path(".env").write_text(f"WORKERS=2\nAPI_KEY={CANARY}\nPORT=x\n", encoding="utf-8")
    assert home.exists()
    result = paas("schema:check", "s", "--env-file", ".env")
    assert result.exit_code == 1
    assert result.lines == ["API_KEY is not a number", "PORT is not a port"]
    assert CANARY not in result.err
    assert paas("schema:check", "-", "--env-file", ".env", stdin=b"WORKERS=\n").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--env-file", ".env", "-a", "web"), 2, "check either"),
        (("-", "--env-file", "-"), 2, "standard input"),
        (("none",), 1, "none can't be read"),
        (("bad",), 1, "bad can't be read as a schema. Line 2 has a default for A that is not a number."),
        (("latin",), 1, "Line 2 of latin is not UTF-8 text"),
    ],
)
def test_what_can_not_be_checked(
    paas: Paas, web: Platform, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    Path("bad").write_text(f"# @type=number\nA={CANARY}\n", encoding="utf-8")
    Path("latin").write_bytes("A=\nB=é\n".encode("latin-1"))
    result = paas("schema:check", *arguments)
    assert result.exit_code == exit_code, web
    assert said in result.err
    assert CANARY not in result.err


def test_it_is_kept_shown_and_taken_away(paas: Paas, web: Platform) -> None:
    assert paas("schema").err == "note: web has no schema; `paas schema:init - -a web` writes one to begin with.\n"
    result = paas("schema:set")
    assert (result.exit_code, result.lines[0]) == (0, "Set the schema of 4 variables · release v1")
    assert web.apps["web"].spec.schema == SCHEMA
    assert list(web.apps["web"].spec.command) == ["python", "server.py"], "the rest of it stays"
    assert paas("schema").out == SCHEMA
    assert any(line.startswith(f"schema: {len(SCHEMA)} bytes, ") for line in paas("apps:info").lines)
    document = json.loads(paas("schema", "--json").out)
    assert document["schema"] == SCHEMA
    assert document["variables"][1] == {
        "name": "WORKERS",
        "type": "number",
        "required": True,
        "sensitive": False,
        "default": None,
        "docs": "How many at once.",
    }
    assert paas("apps:update", "--instances", "3").exit_code == 0
    assert web.apps["web"].spec.schema == SCHEMA, "what changes something else leaves it"
    assert paas("schema:set").lines == ["No change"]
    assert paas("schema:unset").exit_code == 0
    assert web.apps["web"].spec.schema == ""


def test_one_that_can_not_be_read_is_not_kept(paas: Paas, web: Platform) -> None:
    result = paas("schema:set", "-", stdin=b"A=1\nA=2\n")
    assert result.exit_code == 1
    assert "standard input can't be read as a schema. Line 2 has A once more" in result.err
    assert web.apps["web"].spec.schema == ""


def test_it_is_staged_with_the_rest_of_the_spec(paas: Paas, web: Platform) -> None:
    assert paas("apps:update", "--instances", "3", "--stage").exit_code == 0
    assert paas("schema:set", "--stage").exit_code == 0
    staged = web.apps["web"].staged_spec
    assert staged is not None
    assert (staged.instances, staged.schema) == (3, SCHEMA)
    assert f"instances 3, schema {len(SCHEMA)} bytes, " in paas("staged").out


def test_one_to_begin_with(paas: Paas, web: Platform) -> None:
    app = web.apps["web"]
    app.vars["URL"] = f"https://{CANARY}.example"
    app.managed["DATABASE_URL"] = "postgres://..."
    result = paas("schema:init", "-")
    assert result.exit_code == 0
    assert CANARY not in result.out
    names = [line[:-1] for line in result.lines if line.endswith("=") and not line.startswith("#")]
    assert names == [*app.vars, "DATABASE_URL", "API_KEY"]
    assert "# @type=url\nURL=\n" in result.out
    assert "# @sensitive\nDATABASE_URL=\n\n# @sensitive\nAPI_KEY=\n" in result.out
    assert paas("schema:check", "-", stdin=result.out.encode()).exit_code == 0
    assert paas("schema:init").exit_code != 0, "a file that is there is not replaced"
    assert Path(".env.schema").read_text(encoding="utf-8") == SCHEMA
    assert paas("schema:init", "other").exit_code == 0
    assert Path("other").read_text(encoding="utf-8") == result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("config:set", f"LOG_LEVEL={CANARY}"), "LOG_LEVEL is not one of debug, info"),
        (("config:set", "LOG_LEVEL=info"), ""),
        (("config:unset", "WORKERS"), "WORKERS is not set"),
        (("secrets:unset", "API_KEY"), "API_KEY is not set"),
        (("secrets:set", f"API_KEY={CANARY}"), "API_KEY is not a number"),
        (("secrets:set", "API_KEY=7"), ""),
        (("config:import", "-"), "WORKERS is not a number"),
        (("config:set", f"LOG_LEVEL={CANARY}", "--stage"), ""),
    ],
)
def test_a_dry_run_says_what_a_release_would_refuse(
    paas: Paas, web: Platform, arguments: tuple[str, ...], said: str
) -> None:
    web.apps["web"].spec.schema = SCHEMA
    result = paas(*arguments, "--dry-run", stdin=f"WORKERS={CANARY}\n".encode())
    assert result.exit_code == 0
    warning = f"warning: The app's schema would refuse this release: {said}.\n" if said else ""
    assert result.err == warning
    assert not web.apps["web"].releases
