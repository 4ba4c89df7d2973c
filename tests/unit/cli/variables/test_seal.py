"""Config vars that become secrets, and secrets that get a new value: what is asked, and what is said of the way back.

Leaves out the one release of both services (test_together, and the end-to-end tests).
"""

import json

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, words

CANARY = "c4n4ry-value"


@pytest.fixture
def web(signed_in: Platform) -> Platform:
    """An app with one of every kind."""
    app = signed_in.apps["web"]
    app.vars |= {"API_TOKEN": CANARY, "LOG_LEVEL": "info"}
    app.secrets["S"] = CANARY
    app.managed["DATABASE_URL"] = "postgres://..."
    return signed_in


def test_a_config_var_becomes_a_secret_in_one_release(paas: Paas, web: Platform) -> None:
    result = paas("secrets:seal", "API_TOKEN")
    assert result.exit_code == 0, result.err
    assert result.lines[0] == "Sealed API_TOKEN · release v1"
    assert "earlier versions keep it; `paas secrets:rotate API_TOKEN -a web` ends that" in result.err
    app = web.apps["web"]
    assert (app.vars, app.secrets) == ({"LOG_LEVEL": "info"}, {"S": CANARY, "API_TOKEN": CANARY})
    assert list(app.releases) == [1]
    assert CANARY not in result.out + result.err


def test_a_dry_run_and_a_staged_one(paas: Paas, web: Platform) -> None:
    assert paas("secrets:seal", "API_TOKEN", "--dry-run").lines == ["Would seal API_TOKEN", "A release would follow"]
    assert web.apps["web"].draft == {}
    document = json.loads(paas("secrets:seal", "API_TOKEN", "--stage", "--json").out)
    assert document["release_status"] == "staged"
    assert document["changes"] == [
        {"name": "API_TOKEN", "action": "removed", "kind": "config"},
        {"name": "API_TOKEN", "action": "added", "kind": "secret"},
    ]
    assert "API_TOKEN" in web.apps["web"].vars


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("S", "Nothing was changed: S: a secret already."),
        ("DATABASE_URL", "Nothing was changed: DATABASE_URL: managed by an add-on"),
        ("API_TOKENS", "Nothing was changed: API_TOKENS: not set; did you mean API_TOKEN?"),
    ],
)
def test_what_is_no_config_var_is_refused_whole(paas: Paas, web: Platform, name: str, said: str) -> None:
    result = paas("secrets:seal", "LOG_LEVEL", name)
    assert result.exit_code == 1
    assert said in result.err
    assert "LOG_LEVEL" in web.apps["web"].vars


def test_a_config_var_that_looks_like_a_credential_leads_to_it(paas: Paas, web: Platform) -> None:
    assert web.apps
    warned = paas("config:set", "OTHER_KEY=x", "--no-wait")
    assert warned.exit_code == 0
    assert "`paas secrets:set OTHER_KEY --no-wait -a web` seals instead" in warned.err
    assert "`paas secrets:seal OTHER_KEY -a web` makes a secret of what is set already" in warned.err


def test_rotate_asks_for_the_value_that_somebody_else_gives_out(web: Platform) -> None:
    terminal = Terminal("secrets:rotate", "S", "--prompt", "--no-wait")
    terminal.until("Value of S (not shown): ")
    terminal.type("fresh-c4n4ry\n")
    assert terminal.end() == 0
    assert web.apps["web"].secrets["S"] == "fresh-c4n4ry"
    assert "c4n4ry" not in terminal.screen
    assert "The value is random" not in terminal.screen


def test_rotate_says_what_helps_where_it_was_somebody_elses(web: Platform) -> None:
    assert web.apps
    terminal = Terminal("secrets:rotate", "S", "--no-wait")
    assert terminal.end() == 0
    screen = words(terminal.screen)
    assert "`paas secrets:rotate S --prompt -a web` asks for theirs" in screen
    assert "`paas rollback vN --with-secrets -a web` brings back all that an earlier release had" in screen


def test_rotate_takes_one_source(paas: Paas, web: Platform) -> None:
    assert paas("secrets:rotate", "S", "--prompt", "--value-file", "-").exit_code == 2
    assert paas("secrets:rotate", "S", "--prompt", "--length", "32").exit_code == 2
    piped = paas("secrets:rotate", "S", "--prompt", stdin=b"x")
    assert piped.exit_code == 2
    assert "name a file with --value-file, or pipe it in with --value-file -." in piped.err
    assert web.apps["web"].secrets["S"] == CANARY
