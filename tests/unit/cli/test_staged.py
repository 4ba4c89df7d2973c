"""The draft: what is staged is listed, marked among what is live, discarded, and released after a look at it.

Leaves out what a release of it does (the end-to-end tests look into instances) and the wire of the listing (test_wire).
"""

import json

import pytest
from paas.config.v1 import config_pb2

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain

MASK = "•" * 16
CANARY = "c4n4ry-value"
BOB = "2026-05-08T14:42:00Z\tuser:bob@example.com"
DENIED = {
    method: Fault(7, "You may not do this.", reason="PERMISSION_DENIED", metadata={"permission": permission})
    for method, permission in {"ListVars": "config.read", "ListSecrets": "secrets.list"}.items()
}


@pytest.fixture
def drafted(signed_in: Platform) -> Platform:
    """An app with a draft of every kind, one of whose values was set live since."""
    web = signed_in.apps["web"]
    web.vars |= {"X": "old", "GONE": "1"}
    web.secrets["S"] = "live"
    web.config.stage("X", "new\nline")
    web.config.stage("GONE", None)
    web.config.stage("ADDED", "a")
    web.sealed.stage("S", CANARY)
    web.vars["X"] = "newer"
    return signed_in


def test_both_kinds_are_listed_with_who_and_when(paas: Paas, drafted: Platform) -> None:
    drafted.apps["web"].staged_spec = config_pb2.AppSpec(command=["python", "other file.py"], instances=2)
    assert paas("staged").lines == [
        f"{BOB}\tconfig\t-\tADDED=a",
        f"{BOB}\tconfig\t-\tGONE (unset)",
        f'{BOB}\tconfig\treplaces newer\tX="new\\nline"',
        f"{BOB}\tsecret\t-\tS={MASK}",
        f"{BOB}\tspec\t-\twhat the app runs: command python 'other file.py'",
    ]


def test_nothing_staged_is_a_note(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    result = paas("staged")
    assert (result.exit_code, result.out, result.err) == (0, "", "note: Nothing is staged for web.\n")


def test_json_of_the_draft(paas: Paas, drafted: Platform) -> None:
    drafted.apps["web"].staged_spec = config_pb2.AppSpec(command=["x"], instances=3)
    result = paas("staged", "--json")
    assert CANARY not in result.out
    document = json.loads(result.out)
    assert document["not_shown"] == []
    by = {"staged_by": "user:bob@example.com", "staged_at": "2026-05-08T14:42:00Z"}
    added, gone, changed, secret, spec = document["staged"]
    quiet = {**by, "replaces_newer": False, "spec": None}
    assert added == {"name": "ADDED", "kind": "config", "action": "added", "value": "a", **quiet}
    assert gone == {"name": "GONE", "kind": "config", "action": "removed", "value": None, **quiet}
    assert (changed["value"], changed["replaces_newer"]) == ("new\nline", True)
    assert secret == {"name": "S", "kind": "secret", "action": "changed", "value": MASK, **quiet}
    assert (spec["name"], spec["kind"], spec["value"]) == (None, "spec", None)
    assert spec["spec"] == {
        "command": ["x"],
        "image": None,
        "instances": 3,
        "health_path": None,
        "ready_timeout_seconds": None,
        "all_at_once": False,
        "adopted": None,
        "schema": None,
        "groups": [],
    }


def test_lists_mark_what_is_staged_below_what_is_live(paas: Paas, drafted: Platform) -> None:
    drafted.apps["web"].managed["DATABASE_URL"] = "postgres://..."
    assert paas("config").lines == [
        "X=newer",
        '# X="new\\nline"   (staged)',
        "GONE=1",
        "# GONE (unset)   (staged)",
        "DATABASE_URL=postgres://...   (managed by addon)",
        "# ADDED=a   (staged)",
    ]
    assert paas("secrets").lines == [f"S={MASK}", f"# S={MASK}   (staged)"]
    drafted.apps["web"].sealed.stage("S", None)
    assert paas("secrets").lines[1] == "# S (unset)   (staged)"


def test_on_a_terminal_staged_lines_are_no_comments(drafted: Platform) -> None:
    assert drafted.apps
    terminal = Terminal("config")
    assert terminal.end() == 0
    assert "\x1b[36mADDED\x1b[0m=a\x1b[33m   (staged)\x1b[0m" in terminal.screen
    assert plain(terminal.screen).splitlines()[1] == 'X="new\\nline"   (staged)'


def test_the_table_of_a_terminal(drafted: Platform) -> None:
    drafted.apps["web"].config.stage("X", "\x1b[2J")
    drafted.apps["web"].vars["X"] = "again"
    terminal = Terminal("staged")
    assert terminal.end() == 0
    assert "\x1b[2J" not in terminal.screen
    heading, *rows = plain(terminal.screen).splitlines()
    assert heading.split() == ["STAGED", "BY", "CHANGE"]
    assert {row[heading.index("CHANGE") :] for row in rows} == {
        "ADDED=a",
        "GONE (unset)",
        "X=\\x1b[2J   (replaces newer)",
        f"S={MASK}",
    }


def test_lists_in_json_have_the_draft_apart(paas: Paas, drafted: Platform) -> None:
    assert drafted.apps
    document = json.loads(paas("config", "--json").out)
    assert [var["name"] for var in document["vars"]] == ["X", "GONE"]
    assert [(each["name"], each["action"], each["value"]) for each in document["staged"]] == [
        ("ADDED", "added", "a"),
        ("GONE", "removed", None),
        ("X", "changed", "new\nline"),
    ]
    result = paas("secrets", "--json")
    assert CANARY not in result.out
    assert json.loads(result.out)["staged"][0]["value"] == MASK


def test_what_is_exported_is_live(paas: Paas, drafted: Platform) -> None:
    assert drafted.apps
    assert paas("config:export").out == "X=newer\nGONE=1\n"


@pytest.mark.parametrize(
    ("method", "kind", "left"),
    [("ListVars", "config", ["S"]), ("ListSecrets", "secret", ["ADDED", "GONE", "X"])],
)
def test_who_may_see_one_half_sees_that(
    paas: Paas, drafted: Platform, *, method: str, kind: str, left: list[str]
) -> None:
    drafted.gateway.fail(method, DENIED[method])
    result = paas("staged", "--json")
    assert result.exit_code == 0
    document = json.loads(result.out)
    assert [item["name"] for item in document["staged"]] == left
    assert document["not_shown"] == [kind]
    assert "not shown: You may not do this. The permission needed is" in result.err


def test_who_may_see_neither_half_is_told_so(paas: Paas, drafted: Platform) -> None:
    for method in ("ListVars", "ListSecrets"):
        drafted.gateway.fail(method, DENIED[method])
    for command in ("staged", "staged:discard"):
        result = paas(command)
        assert result.exit_code == 4
        assert "config.read" in result.err


def test_a_service_that_is_away_is_no_empty_draft(paas: Paas, drafted: Platform) -> None:
    drafted.gateway.fail("ListSecrets", Fault(14, "no healthy upstream"))
    result = paas("staged")
    assert (result.exit_code, result.out) == (5, "")


def test_discard_of_names_of_both_kinds(paas: Paas, drafted: Platform) -> None:
    web = drafted.apps["web"]
    assert paas("staged:discard", "S", "X").out == "Discarded from the draft: X, S\n"
    assert (set(web.draft), set(web.sealed_draft)) == ({"GONE", "ADDED"}, set())
    assert web.vars == {"X": "newer", "GONE": "1"}
    document = json.loads(paas("staged:discard", "GONE", "--json").out)
    assert document == {"app": "web", "discarded": [{"name": "GONE", "kind": "config", "action": "removed"}]}


def test_discard_of_a_name_that_is_not_staged_drops_nothing(paas: Paas, drafted: Platform) -> None:
    result = paas("staged:discard", "X", "NOPE", "S", "NEITHER")
    assert result.exit_code == 1
    assert "nothing is staged for NOPE, NEITHER; `paas staged -a web` lists what is." in result.err
    assert drafted.gateway.calls("DiscardStaged") == []
    assert paas("staged:discard", "X", "X").exit_code == 2
    assert paas("staged:discard", "no name").exit_code == 2


def test_discard_of_all_takes_the_spec_too(paas: Paas, drafted: Platform) -> None:
    web = drafted.apps["web"]
    web.staged_spec = config_pb2.AppSpec(instances=5)
    assert paas("staged:discard").out == "Discarded from the draft: X, GONE, ADDED, what the app runs, S\n"
    assert not web.draft
    assert not web.sealed_draft
    assert drafted.gateway.calls("DiscardStaged")[0].spec
    assert paas("staged:discard").err == "note: Nothing is staged for web.\n"


def test_who_may_not_change_the_spec_discards_the_rest(paas: Paas, drafted: Platform) -> None:
    web = drafted.apps["web"]
    web.staged_spec = config_pb2.AppSpec(instances=5)
    needs = Fault(7, "You may not do this.", reason="PERMISSION_DENIED", metadata={"permission": "apps.write"})
    drafted.gateway.fail("ConfigService/DiscardStaged", needs, times=1)
    result = paas("staged:discard")
    assert (result.exit_code, result.out) == (0, "Discarded from the draft: X, GONE, ADDED, S\n")
    assert "What the app runs is still staged as it was: You may not do this. The permission needed is apps.write." in (
        result.err
    )
    assert web.staged_spec is not None


def test_who_may_not_list_secrets_discards_those_they_name(paas: Paas, drafted: Platform) -> None:
    web = drafted.apps["web"]
    drafted.gateway.fail("ListSecrets", DENIED["ListSecrets"])
    refused = paas("staged:discard", "X", "NOPE")
    assert (refused.exit_code, "NOPE" in refused.err) == (1, True)
    assert "X" in web.draft
    assert paas("staged:discard", "X", "S").out == "Discarded from the draft: X, S\n"
    web.sealed.stage("S", "again")
    assert paas("staged:discard").out == "Discarded from the draft: GONE, ADDED\n"
    assert "S" in web.sealed_draft


def test_half_a_discard_says_which_half(paas: Paas, drafted: Platform) -> None:
    drafted.gateway.fail("SecretsService/DiscardStaged", Fault(14, "no healthy upstream"))
    result = paas("staged:discard")
    assert result.exit_code == 5
    assert result.err.startswith(
        "error: Discarded from the draft: X, GONE, ADDED, and nothing else: The secrets service"
    )
    assert drafted.apps["web"].draft == {}


def test_a_dry_run_says_what_would_be_released_and_replaced(paas: Paas, drafted: Platform) -> None:
    web = drafted.apps["web"]
    web.vars["BACK"] = "1"
    web.config.stage("BACK", "b")
    web.config.stage("API_TOKEN", CANARY)
    del web.vars["BACK"]
    web.secrets["S"] = "newer"
    result = paas("releases:create", "--dry-run")
    who = "   (by user:bob@example.com, 2026-05-08T14:42:00Z)"
    assert result.lines == [
        f"Would change X=new\\nline{who}",
        "Would replace the newer X=newer",
        f"Would remove GONE{who}",
        f"Would add ADDED=a{who}",
        f"Would add BACK=b{who}",
        "Would replace the newer BACK (unset)",
        f"Would add API_TOKEN={MASK}{who}",
        f"Would change S={MASK}{who}",
        f"Would replace the newer S={MASK}",
        "A release would follow",
    ]
    assert web.releases == {}
    document = json.loads(paas("releases:create", "--dry-run", "--json").out)
    assert (document["dry_run"], document["would_release"], document["release"]) == (True, True, None)
    assert document["changes"][0] == {
        "name": "X",
        "kind": "config",
        "action": "changed",
        "actor": "user:bob@example.com",
        "staged_at": "2026-05-08T14:42:00Z",
        "replaces_newer": True,
    }


def test_a_dry_run_without_the_right_to_read_config_has_names_alone(paas: Paas, drafted: Platform) -> None:
    drafted.gateway.fail("ListVars", DENIED["ListVars"])
    lines = paas("releases:create", "--dry-run").lines
    assert lines[0].startswith("Would change X   (by")
    assert lines[1] == "Would replace the newer X"


def test_a_dry_run_of_a_restart(paas: Paas, signed_in: Platform) -> None:
    assert paas("releases:create", "--dry-run").out == "Nothing is staged; a release would restart the app\n"
    assert signed_in.apps["web"].releases == {}


def test_a_release_that_would_replace_something_newer_is_refused_without_a_terminal(
    paas: Paas, drafted: Platform
) -> None:
    web = drafted.apps["web"]
    result = paas("releases:create")
    assert result.exit_code == 1
    assert result.err == (
        "error: X changed since it was staged; `paas releases:create --dry-run -a web` shows what would be replaced, "
        "and `paas releases:create --yes -a web` replaces it.\n"
    )
    assert web.vars["X"] == "newer"
    released = paas("releases:create", "--yes", "--no-wait")
    assert released.out == "Release v1 · Release the draft: X, GONE, ADDED, S\n"
    assert web.vars == {"X": "new\nline", "ADDED": "a"}
    assert [call.replace_newer for call in drafted.gateway.calls("CreateRelease")] == [False, True]


def test_on_a_terminal_it_is_asked_and_no_is_the_default(drafted: Platform) -> None:
    web = drafted.apps["web"]
    for answer in ("\n", "n\n"):
        terminal = Terminal("releases:create")
        terminal.until("[y/N] ")
        terminal.type(answer)
        assert terminal.end() == 1
        assert "Nothing was released; `paas staged -a web` shows what is still staged." in plain(terminal.screen)
    assert web.releases == {}
    terminal = Terminal("releases:create", "--no-wait")
    terminal.until("[y/N] ")
    terminal.type("y\n")
    assert terminal.end() == 0
    assert web.vars["X"] == "new\nline"
    calls = drafted.gateway.calls("CreateRelease")
    assert [call.replace_newer for call in calls] == [False, False, False, True]
    assert len({call.request_id for call in calls}) == 4


def test_another_refusal_is_not_asked_about(paas: Paas, drafted: Platform) -> None:
    drafted.gateway.fail("CreateRelease", Fault(9, "What was staged was dropped.", reason="DRAFT_GONE"))
    result = paas("releases:create")
    assert (result.exit_code, result.err) == (1, "error: What was staged was dropped.\n")


def test_a_spec_is_staged_upon_what_is_staged(paas: Paas, signed_in: Platform) -> None:
    web = signed_in.apps["web"]
    assert paas("apps:update", "--instances", "5", "--stage").exit_code == 0
    assert paas("apps:update", "--stage", "--", "other").exit_code == 0
    assert web.staged_spec == config_pb2.AppSpec(command=["other"], instances=5)
    assert paas("apps:update", "--instances", "3", "--no-wait").exit_code == 0
    assert web.spec == config_pb2.AppSpec(command=["python", "server.py"], instances=3)


def test_the_draft_of_a_shared_group_is_listed_and_dropped(paas: Paas, signed_in: Platform) -> None:
    group = signed_in.add_group("shared", REGION="eu")
    group.config.stage("REGION", "us")
    group.sealed.stage("S", CANARY)
    found = paas("staged", "-a", "shared")
    assert (found.exit_code, found.err) == (0, "")
    assert [line.split("\t")[-1] for line in found.out.splitlines()] == ["REGION=us", f"S={MASK}"]
    assert paas("staged:discard", "REGION", "-a", "shared").exit_code == 0
    assert "REGION" not in paas("staged", "-a", "shared").out
    assert paas("staged:discard", "-a", "shared").exit_code == 0
    assert paas("staged", "-a", "shared").err == "note: Nothing is staged for shared.\n"
