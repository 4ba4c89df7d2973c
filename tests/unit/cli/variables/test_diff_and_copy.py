"""Two apps held against each other, and variables copied from one to the other, as one release or none.

Leaves out the way into one release (test_together). Values that look like credentials, and secrets, show nowhere.
"""

import json

import pytest
from paas.config.v1 import config_pb2

from tests.fakes.gateway import Fault
from tests.fakes.platform import App, Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain

CANARY = "c4n4ry-value"
MASK = "•" * 16


@pytest.fixture
def two(signed_in: Platform) -> Platform:
    """`web` is ahead of `live` in every way there is."""
    spec = config_pb2.AppSpec(instances=1)
    signed_in.apps["web"].vars |= {
        "SAME": "1",
        "LOG_LEVEL": "debug",
        "NEW": "two\nlines",
        "API_TOKEN": CANARY,
        "MOVED": "x",
    }
    signed_in.apps["web"].secrets |= {"BOTH": CANARY, "ONLY_WEB": CANARY}
    signed_in.apps["web"].managed["DATABASE_URL"] = "postgres://..."
    live = {"SAME": "1", "LOG_LEVEL": "info", "API_TOKEN": "other-" + CANARY, "OWN": "stays"}
    signed_in.apps["live"] = App(spec, vars=live, secrets={"BOTH": "y", "MOVED": "y"})
    return signed_in


DIFFERENCES = [
    "~ LOG_LEVEL=debug -> info",
    "- NEW=two\\nlines",
    f"~ API_TOKEN={MASK} -> {MASK}",
    f"~ MOVED=x -> {MASK} (secret)",
    f"- DATABASE_URL={MASK} (managed)",
    f"- ONLY_WEB={MASK} (secret)",
    "+ OWN=stays",
]


def test_the_difference_is_by_name_and_exits_as_diff_does(paas: Paas, two: Platform) -> None:
    result = paas("config:diff", "live")
    assert (result.exit_code, result.lines) == (1, DIFFERENCES)
    assert result.err == "note: 1 secret is in both; whether values differ is not told.\n"
    assert paas("config:diff", "web", "live").lines == DIFFERENCES
    two.apps["same"] = App(config_pb2.AppSpec(), vars=dict(two.apps["web"].vars), managed=two.apps["web"].managed)
    two.apps["same"].secrets |= dict.fromkeys(two.apps["web"].secrets, "others")
    same = paas("config:diff", "same", "web")
    assert (same.exit_code, same.out) == (0, "")


def test_the_difference_as_json(paas: Paas, two: Platform) -> None:
    assert two.apps
    result = paas("config:diff", "live", "--json")
    assert result.exit_code == 1
    assert CANARY not in result.out
    document = json.loads(result.out)
    assert (document["app"], document["other"], document["secrets_in_both"]) == ("web", "live", ["BOTH"])
    found = {each["name"]: each for each in document["differences"]}
    assert found["LOG_LEVEL"]["before"] == {"kind": "config", "value": "debug"}
    assert (found["OWN"]["action"], found["OWN"]["before"]) == ("added", None)
    assert found["MOVED"]["after"] == {"kind": "secret", "value": MASK}


def test_what_keeps_it_from_comparing_is_not_1(paas: Paas, two: Platform) -> None:
    missing = paas("config:diff", "nowhere")
    assert (missing.exit_code, missing.out) == (2, "")
    assert paas("config:diff", "a", "b", "c").exit_code == 2
    assert "an empty name" in paas("config:diff", "").err
    two.gateway.fail("ListVars", Fault(14, "away"))
    assert paas("config:diff", "live").exit_code == 5


def test_who_may_not_list_secrets_sees_config_alone(paas: Paas, two: Platform) -> None:
    two.gateway.fail("ListSecrets", Fault(7, "You may not."))
    result = paas("config:diff", "live")
    assert result.lines == [
        "~ LOG_LEVEL=debug -> info",
        "- NEW=two\\nlines",
        f"~ API_TOKEN={MASK} -> {MASK}",
        "- MOVED=x",
        f"- DATABASE_URL={MASK} (managed)",
        "+ OWN=stays",
    ]
    assert result.err.count("can't be listed now, and are left out") == 2


def test_a_copy_sets_what_differs_and_lists_what_it_leaves(paas: Paas, two: Platform) -> None:
    result = paas("config:copy", "--from", "web", "--to", "live", "--yes")
    assert result.exit_code == 0, result.err
    assert result.lines[:4] == [
        "~ LOG_LEVEL=info -> debug",
        "+ NEW=two\\nlines",
        f"~ API_TOKEN={MASK} -> {MASK}",
        "Copied LOG_LEVEL, NEW, API_TOKEN · release v1",
    ]
    assert CANARY not in result.out + result.err
    assert two.apps["live"].vars == {
        "SAME": "1", "LOG_LEVEL": "debug", "API_TOKEN": CANARY, "OWN": "stays", "NEW": "two\nlines",
    }  # fmt: skip
    assert two.apps["live"].secrets == {"BOTH": "y", "MOVED": "y"}
    assert result.err.splitlines()[:3] == [
        "note: Not copied: MOVED is a config var of web and a secret of live.",
        "note: Not copied: DATABASE_URL is managed by an add-on of web.",
        "note: Not copied: ONLY_WEB is a secret, and --with-secrets was not given.",
    ]
    assert two.gateway.calls("RevealSecrets") == []
    again = paas("promote", "web", "live", "--yes")
    assert (again.exit_code, again.lines[-1]) == (0, "No change")


def test_secrets_are_copied_where_that_is_asked_for_and_recorded_once(paas: Paas, two: Platform) -> None:
    result = paas("config:copy", "--from", "web", "--to", "live", "--with-secrets", "--except", "API_*", "--yes")
    assert result.exit_code == 0, result.err
    live = two.apps["live"]
    assert (live.secrets["ONLY_WEB"], live.secrets["BOTH"], live.vars["LOG_LEVEL"]) == (CANARY, CANARY, "debug")
    assert live.vars["API_TOKEN"] == "other-" + CANARY
    assert list(live.releases) == [1]
    assert [list(event.targets) for event in two.events if event.action == "secrets.get"] == [["BOTH", "ONLY_WEB"]]
    assert CANARY not in result.out + result.err
    assert f"+ ONLY_WEB={MASK} (secret)" in result.lines


def test_a_dry_run_reveals_and_changes_nothing(paas: Paas, two: Platform) -> None:
    result = paas("config:copy", "--from", "web", "--to", "live", "--with-secrets", "--dry-run")
    assert result.lines[-1] == "A release would follow"
    document = json.loads(paas("promote", "web", "live", "--dry-run", "--json").out)
    assert (document["app"], document["dry_run"], document["would_release"]) == ("live", True, True)
    assert {"name": "NEW", "action": "added", "kind": "config"} in document["changes"]
    assert two.gateway.calls("RevealSecrets") == two.gateway.calls("SetVars") == []


def test_names_and_globs_choose(paas: Paas, two: Platform) -> None:
    assert paas("config:copy", "NEW", "--from", "web", "--to", "live", "--yes").lines[0] == "+ NEW=two\\nlines"
    assert "NEW" in two.apps["live"].vars
    only = paas("promote", "web", "live", "--only", "LOG_*", "--only", "SAME", "--yes", "--stage")
    assert only.lines == [
        "~ LOG_LEVEL=info -> debug",
        "Copied LOG_LEVEL · staged; `paas releases:create -a live` releases it",
    ]
    assert two.apps["live"].vars["LOG_LEVEL"] == "info"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("NEWW",), 1, "Nothing was changed: NEWW: not set; did you mean NEW?"),
        (("ONLY_WEB",), 1, "ONLY_WEB is a secret, and --with-secrets was not given."),
        (("MOVED",), 1, "MOVED is a config var of web and a secret of live."),
        (("DATABASE_URL",), 1, "DATABASE_URL is managed by an add-on of web."),
        (("NEW", "--only", "N*"), 2, "use either"),
        (("1X",), 2, "argument 1 is not a name"),
    ],
)
def test_what_can_not_be_copied_is_refused_whole(
    paas: Paas, two: Platform, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = dict(two.apps["live"].vars)
    result = paas("config:copy", "--from", "web", "--to", "live", "--yes", *arguments)
    assert result.exit_code == code
    assert said in result.err
    assert two.apps["live"].vars == before


def test_without_a_terminal_nothing_is_copied_unasked(paas: Paas, two: Platform) -> None:
    before = dict(two.apps["live"].vars)
    result = paas("config:copy", "--from", "web", "--to", "live")
    assert result.exit_code == 1
    assert "there is no terminal to ask on; --yes goes on without asking" in result.err
    assert two.apps["live"].vars == before
    assert paas("promote", "web", "web").exit_code == 2


@pytest.mark.parametrize(("answer", "copied"), [("y\n", True), ("\n", False), ("\x04", False)])
def test_a_question_is_asked_after_the_difference(two: Platform, answer: str, copied: bool) -> None:
    terminal = Terminal("promote", "web", "live")
    terminal.until("Copy and release this for live? [y/N]")
    assert "~ LOG_LEVEL=info -> debug" in plain(terminal.screen)
    terminal.type(answer)
    assert terminal.end() == (0 if copied else 1)
    assert (two.apps["live"].vars["LOG_LEVEL"] == "debug") is copied
