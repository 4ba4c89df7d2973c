"""Releases: listed, shown, made, rolled back; and how watching one ends.

Leaves out the progress bar (test_terminal).
"""

import json
from collections.abc import Iterator

import pytest
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

from paas_cli import follow
from tests.fakes.gateway import Drop, Fault
from tests.fakes.platform import NOW, Platform
from tests.fixtures.waiting import PATIENCE
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


@pytest.mark.parametrize("break_", [Drop(), Fault(14, "no healthy upstream")])
def test_a_broken_stream_is_taken_up_again(paas: Paas, signed_in: Platform, break_: Exception) -> None:
    signed_in.gateway.fail("WatchRelease", break_, times=3)
    result = paas("config:set", "A=1")
    assert result.exit_code == 0
    assert result.lines[-1] == "v1 succeeded"


def test_a_stream_that_ends_too_early_is_taken_up_again(paas: Paas, signed_in: Platform) -> None:
    ordinary, seen = signed_in.end, []

    def cut(release: releaser_pb2.Release) -> Releases:
        seen.append(release.number)
        if len(seen) == 1:
            yield release
            return
        yield from ordinary(release)

    signed_in.end = cut  # type: ignore[method-assign]
    assert paas("config:set", "A=1").lines.count("v1 queued") == 1
    assert len(seen) == 2


def test_a_releaser_that_stays_away_says_the_change_is_kept(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("WatchRelease", Fault(14, "no healthy upstream"))
    result = paas("config:set", "A=1")
    assert result.exit_code == 5
    assert "The change is kept and release v1 goes on, but the releaser service is unavailable" in result.err
    assert signed_in.apps["web"].vars == {"A": "1"}


def test_a_token_that_may_not_watch_says_the_change_is_kept(paas: Paas, signed_in: Platform) -> None:
    refusal = Fault(7, "You may not do this.", reason="PERMISSION_DENIED", metadata={"permission": "releases.read"})
    signed_in.gateway.fail("WatchRelease", refusal)
    result = paas("config:set", "A=1")
    assert result.exit_code == 4
    assert "The change is kept and release v1 goes on" in result.err
    assert "releases.read" in result.err
    assert "--no-wait" in result.err


def test_a_release_that_stands_still_is_left_to_itself(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(release: releaser_pb2.Release) -> Releases:
        release.state, release.message = releaser_pb2.STATE_RUNNING, "waiting for the secrets service"
        yield release
        signed_in.more_events.wait(PATIENCE)

    signed_in.end = waits  # type: ignore[method-assign]
    monkeypatch.setattr(follow, "_QUIET", 0.1)
    result = paas("config:set", "A=1")
    signed_in.more_events.set()
    assert result.exit_code == 5
    assert "stands still (waiting for the secrets service) and goes on once that is back" in result.err


def test_a_stream_that_tells_the_same_and_breaks_is_not_followed_for_ever(paas: Paas, signed_in: Platform) -> None:
    def breaks(release: releaser_pb2.Release) -> Releases:
        yield release
        raise Fault(14, "upstream reset")

    signed_in.end = breaks  # type: ignore[method-assign]
    result = paas("config:set", "A=1")
    assert result.exit_code == 5
    assert len(signed_in.gateway.calls("WatchRelease")) == 6
