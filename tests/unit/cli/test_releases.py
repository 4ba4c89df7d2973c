"""Releases: listed, shown, made, rolled back; and how watching one ends.

Leaves out what comes between (test_following) and the progress bar (test_terminal).
"""

import json
from collections.abc import Iterator

import pytest
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paas_cli.terminal.output import MASK
from tests.fakes.gateway import Fault
from tests.fakes.platform import NOW, Platform
from tests.unit.cli.conftest import Paas

Releases = Iterator[releaser_pb2.Release]


def test_list_and_info(paas: Paas, signed_in: Platform) -> None:
    signed_in.release("web", "Set A")
    signed_in.release("web", "Set \x1b[31mB\nC")
    assert paas("releases").lines == [
        "v2\tqueued\t2026-05-08T13:42:00Z\tuser:ada@example.com\tSet \\x1b[31mB\\nC",
        "v1\tqueued\t2026-05-08T13:42:00Z\tuser:ada@example.com\tSet A",
    ]
    assert len(paas("releases", "-n", "1").lines) == 1
    info = paas("releases:info", "v1").lines
    assert {"release: v1", "state: queued", "what: Set A", "created: 2026-05-08T13:42:00Z"} <= set(info)
    document = json.loads(paas("releases:info", "1", "--json").out)["release"]
    assert (document["number"], document["state"], document["finished_at"]) == (1, "queued", None)
    assert [release["number"] for release in json.loads(paas("releases", "--json").out)["releases"]] == [2, 1]


def test_a_release_that_is_none(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    assert paas("releases:info", "v9").exit_code == 1
    assert paas("releases:info", "newest").exit_code == 2
    assert paas("rollback", "v0").exit_code == 2


def test_create_follows_the_release_it_made(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    result = paas("releases:create")
    assert result.exit_code == 0
    assert result.lines[0] == "Release v1 · Restart"
    assert result.lines[-1] == "v1 succeeded"


def test_restart_leaves_what_is_staged(paas: Paas, signed_in: Platform) -> None:
    assert paas("config:set", "A=staged", "--stage").exit_code == 0
    result = paas("restart")
    assert (result.exit_code, result.lines) == (0, ["Release v1 · Restart", *result.lines[1:-1], "v1 succeeded"])
    assert [call.leave_draft for call in signed_in.gateway.calls("CreateRelease")] == [True]
    assert "A=staged" in paas("config").out
    assert json.loads(paas("restart", "--no-wait", "--json").out)["release"]["number"] == 2


def test_watch_ends_as_the_release_ends(paas: Paas, signed_in: Platform) -> None:
    assert paas("releases:watch").exit_code == 1, "there is none"
    signed_in.release("web", "Set A")
    signed_in.release("web", "Set B")
    assert paas("releases:watch").lines[-1] == "v2 succeeded"
    assert paas("releases:watch", "v1").lines[-1] == "v1 succeeded"
    assert json.loads(paas("releases:watch", "v1", "--json").out)["release"]["state"] == "succeeded"

    def fails(release: releaser_pb2.Release) -> Releases:
        release.state, release.reverted_to = releaser_pb2.STATE_FAILED, 1
        yield release

    signed_in.end = fails  # type: ignore[method-assign]
    assert paas("releases:watch", "v2").exit_code == 6


@pytest.fixture
def history(signed_in: Platform) -> Platform:
    """v1 to v5: A added; A changed and S sealed; B added and taken back; A removed; S removed and the spec changed."""
    ada, bob = "user:ada@example.com", "user:bob@example.com"
    added, changed, removed = config_pb2.ACTION_ADDED, config_pb2.ACTION_CHANGED, config_pb2.ACTION_REMOVED
    signed_in.release("web", "v1").changes.add(name="A", action=added, actor=ada)
    second = signed_in.release("web", "v2")
    second.changes.add(name="A", action=changed, actor=bob)
    second.changes.add(name="S", action=added, secret=True, actor=bob)
    failed = signed_in.release("web", "v3")
    failed.state, failed.reverted_to = releaser_pb2.STATE_FAILED, 2
    failed.reverted_names.append("B")
    failed.changes.add(name="B", action=added, actor=ada)
    failed.changes.add(name="C", action=added, actor=ada)
    signed_in.release("web", "v4").changes.add(name="A", action=removed, actor=ada)
    last = signed_in.release("web", "v5")
    last.changes.add(name="S", action=removed, secret=True, actor=ada)
    last.changes.add(action=changed, actor=ada)
    last.hidden_changes = 1
    return signed_in


@pytest.mark.parametrize(
    ("releases", "shown"),
    [
        (
            ("v1", "v2"),
            ["changed A   (v2, by user:bob@example.com)", f"added S={MASK} (secret)   (v2, by user:bob@example.com)"],
        ),
        (
            ("v2", "v1"),
            ["changed A   (v2, by user:bob@example.com)", f"removed S={MASK} (secret)   (v2, by user:bob@example.com)"],
        ),
        (("v2", "v3"), ["added C   (v3, by user:ada@example.com)"]),
        (("v3", "v3"), ["No change"]),
        (
            ("v1",),
            [
                "changed what the app runs   (v5, by user:ada@example.com)",
                "removed A   (v4, by user:ada@example.com)",
                "added C   (v3, by user:ada@example.com)",
            ],
        ),
    ],
)
def test_what_lies_between_two_releases(
    paas: Paas, history: Platform, releases: tuple[str, ...], shown: list[str]
) -> None:
    assert history.apps
    result = paas("releases:diff", *releases)
    assert (result.exit_code, result.lines) == (0, shown)
    assert ("a secret you may not list" in result.err) is (len(releases) == 1)


def test_a_difference_as_json_and_of_a_release_there_is_none(paas: Paas, history: Platform) -> None:
    assert history.apps
    assert json.loads(paas("releases:diff", "v4", "--json").out) == {
        "app": "web", "from": 4, "to": 5, "hidden_changes": 1,
        "changes": [
            {
                "name": None, "kind": "spec", "action": "changed", "before": None, "after": None,
                "release": 5, "actor": "user:ada@example.com",
            },
            {
                "name": "S", "kind": "secret", "action": "removed", "before": MASK, "after": None,
                "release": 5, "actor": "user:ada@example.com",
            },
        ],
    }  # fmt: skip
    assert "web has no release v9; the newest is v5" in paas("releases:diff", "v1", "v9").err
    assert paas("releases:diff", "v9").exit_code == 1


def test_values_between_two_releases_are_shown_to_who_may_read_them(paas: Paas, history: Platform) -> None:
    app = history.apps["web"]
    for release in app.releases.values():
        release.config_version = release.number
    app.past = {1: {"A": "first", "L": "x"}, 2: {"A": "second"}, 5: {"C": "two\nlines"}}
    whose = "(v2, by user:bob@example.com)"
    assert paas("releases:diff", "v1", "v2").lines[0] == f"changed A=first -> second   {whose}"
    assert paas("releases:diff", "v2", "v1").lines[0] == f"changed A=second -> first   {whose}"
    lines = paas("releases:diff", "v1").lines
    assert "removed A=first   (v4, by user:ada@example.com)" in lines
    assert any(line.startswith("added C=two\\nlines ") for line in lines)
    app.past[2] = {"A": "sk_live_" + "x" * 24}
    assert paas("releases:diff", "v1", "v2").lines[0] == f"changed A=first -> {MASK}   {whose}"
    app.past[1] = {}  # it was sealed since
    assert paas("releases:diff", "v1", "v2").lines[0] == f"changed A={MASK}   {whose}"
    history.gateway.fail("ListVars", Fault(7, "Not allowed."))
    assert paas("releases:diff", "v1", "v2").lines[0] == f"changed A   {whose}"


def test_rollback_keeps_secrets_unless_asked(paas: Paas, signed_in: Platform) -> None:
    signed_in.release("web", "Set A")
    assert paas("rollback", "v1").lines[-1] == "v2 succeeded"
    assert paas("rollback", "v1", "--with-secrets", "--no-wait").exit_code == 0
    assert paas("rollback", "v1", "--dry-run").lines == [
        "Would change LOG_LEVEL",
        "Would change 2 secrets you may not list",
        "Would change what the app runs",
        "A release would follow",
    ]
    assert [r.with_secrets for r in signed_in.gateway.calls("Rollback")] == [False, True, False]
    document = json.loads(paas("rollback", "v1", "--json").out)
    assert document["changes"] == [{"name": "LOG_LEVEL", "action": "changed"}]
    assert (document["hidden_changes"], document["spec_changed"]) == (2, True)
    assert document["release"]["source_release"] == 1
    dry = json.loads(paas("rollback", "v1", "--dry-run", "--json").out)
    assert (dry["dry_run"], dry["would_release"], dry["hidden_changes"], dry["spec_changed"]) == (True, True, 2, True)


def test_rollback_says_which_groups_do_not_come_back(paas: Paas, signed_in: Platform) -> None:
    signed_in.release("web", "Set A")
    assert "passed over" not in paas("rollback", "v1").err
    signed_in.apps["web"].gone_groups = ["shared", "mail"]
    for options in ((), ("--dry-run",)):
        assert "that were destroyed since are passed over: shared, mail." in paas("rollback", "v1", *options).err
        asked = paas("rollback", "v1", *options, "--json")
        assert json.loads(asked.out)["gone_groups"] == ["shared", "mail"]
        assert "passed over" not in asked.err


def test_info_tells_what_a_release_changed_and_who_staged_it(paas: Paas, signed_in: Platform) -> None:
    release = signed_in.release("web", "Release the draft: A, S")
    added = {"action": config_pb2.ACTION_ADDED, "actor": "user:bob@example.com"}
    release.changes.add(name="A", staged_at=NOW, replaces_newer=True, **added)
    release.changes.add(name="S", secret=True, **added)
    release.changes.add(action=config_pb2.ACTION_CHANGED, actor="user:ada@example.com")
    release.hidden_changes = 2
    assert [line for line in paas("releases:info", "v1").lines if line.startswith("change: ")] == [
        "change: added A, staged by user:bob@example.com at 2026-05-08T13:42:00Z, in place of a newer value",
        "change: added S (secret), by user:bob@example.com",
        "change: changed what the app runs, by user:ada@example.com",
        "change: and 2 secrets you may not list",
    ]
    document = json.loads(paas("releases:info", "v1", "--json").out)["release"]
    assert document["hidden_changes"] == 2
    assert [(change["name"], change["kind"], change["staged_at"]) for change in document["changes"]] == [
        ("A", "config", "2026-05-08T13:42:00Z"),
        ("S", "secret", None),
        (None, "spec", None),
    ]


def test_a_number_that_is_not_set_is_not_zero(paas: Paas, signed_in: Platform) -> None:
    release = signed_in.release("web", "Set A")
    numbers = ("config_version", "secrets_version", "superseded_by", "reverted_to", "revert_release", "source_release")
    document = json.loads(paas("releases:info", "v1", "--json").out)["release"]
    assert [document[name] for name in numbers] == [None] * 6
    assert not any("version" in line for line in paas("releases:info", "v1").lines)
    release.config_version = release.secrets_version = 0
    document = json.loads(paas("releases:info", "v1", "--json").out)["release"]
    assert [document[name] for name in numbers] == [0, 0, None, None, None, None]
    assert {"config version: 0", "secrets version: 0"} <= set(paas("releases:info", "v1").lines)


def test_a_failed_and_reverted_release_is_exit_code_6(paas: Paas, signed_in: Platform) -> None:
    def fails(release: releaser_pb2.Release) -> Releases:
        yield release
        release.state = releaser_pb2.STATE_FAILED
        release.message = "instance 1 was not ready within 30 s"
        release.reverted_to, release.revert_release = 3, 5
        release.reverted_names.extend(["NODE_ENV", "LOG_LEVEL"])
        yield release

    signed_in.end = fails  # type: ignore[method-assign]
    result = paas("config:set", "NODE_ENV=x", "LOG_LEVEL=y")
    assert result.exit_code == 6
    assert result.lines[-1].startswith("v1 failed")
    assert result.err == (
        "v1 queued\n"
        "error: Release v1 failed (instance 1 was not ready within 30 s) and was reverted: NODE_ENV, LOG_LEVEL are as "
        "in v3 again (release v5); correct the change and make it once more.\n"
    )
    with_json = paas("config:set", "NODE_ENV=z", "--json")
    assert with_json.exit_code == 6
    assert json.loads(with_json.out)["release"]["reverted_to"] == 3


def test_what_went_back_is_told_without_names_that_may_not_be_listed(paas: Paas, signed_in: Platform) -> None:
    def fails(release: releaser_pb2.Release) -> Releases:
        release.state, release.message = releaser_pb2.STATE_FAILED, "It ended. A newer change of A stands."
        release.reverted_to, release.hidden_changes = 1, 2
        yield release

    signed_in.end = fails  # type: ignore[method-assign]
    result = paas("secrets:set", "S=x")
    assert result.exit_code == 6
    assert "(It ended. A newer change of A stands) and was reverted: what it changed is as in v1 again;" in result.err


def test_a_failed_release_that_stays_is_exit_code_1(paas: Paas, signed_in: Platform) -> None:
    def fails(release: releaser_pb2.Release) -> Releases:
        release.state = releaser_pb2.STATE_FAILED
        yield release

    signed_in.end = fails  # type: ignore[method-assign]
    result = paas("config:set", "A=1")
    assert result.exit_code == 1
    assert "Release v1 failed and was not reverted; correct" in result.err


def test_a_superseded_release_is_followed_to_the_one_that_took_over(paas: Paas, signed_in: Platform) -> None:
    ordinary = signed_in.end
    newer: list[releaser_pb2.Release] = []

    def superseded(release: releaser_pb2.Release) -> Releases:
        if newer:
            yield from ordinary(release)
            return
        newer.append(signed_in.release("web", "Set B"))
        release.state, release.superseded_by = releaser_pb2.STATE_SUPERSEDED, 2
        yield release

    signed_in.end = superseded  # type: ignore[method-assign]
    result = paas("config:set", "A=1")
    assert result.exit_code == 0
    assert result.lines[1] == "v1 superseded by v2"
    assert result.lines[-1] == "v2 succeeded"
