"""A change of a group before and after: whom it reaches, and its release with those of the apps that have it.

Leaves out how a release of an app is watched (tests/unit/cli/test_releases.py).
"""

import json
from collections.abc import Iterator

import pytest
from paas.releaser.v1 import releaser_pb2

from tests.fakes.gateway import Fault
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain

REACHED = ["Would release admin", "Would release api"]


def test_a_dry_run_says_which_apps_it_would_reach(paas: Paas, shared: Platform) -> None:
    assert paas("config:set", "LOG_LEVEL=warn", "-a", "shared", "--dry-run").lines == [
        "Would change LOG_LEVEL=warn",
        *REACHED,
        "Would leave web as it is: its own LOG_LEVEL wins",
        "A release would follow",
    ]
    both = paas("config:set", "LOG_LEVEL=warn", "REGION=us", "-a", "shared", "--dry-run")
    assert "Would release web (its own LOG_LEVEL wins)" in both.lines
    shared.hidden_apps |= {"admin", "api"}
    hidden = json.loads(paas("secrets:set", "SENTRY_DSN=x", "-a", "shared", "--dry-run", "--json").out)
    assert hidden["apps"] == [{"app": "web", "would_release": True, "own_names": []}]
    assert hidden["hidden_apps"] == 2
    assert shared.apps["shared"].vars["LOG_LEVEL"] == "info"
    assert shared.apps["shared"].releases == {}


def test_so_do_those_of_a_draft_and_of_going_back(paas: Paas, shared: Platform) -> None:
    shared.release("shared", "Set LOG_LEVEL")  # which is what the fake says that going back changes
    shared.apps["shared"].config.stage("LOG_LEVEL", "warn")
    web = "Would leave web as it is: its own LOG_LEVEL wins"
    # Going back changes two more that may not be listed, of which web may get one.
    for arguments, last in (
        (("releases:create",), web),
        (("rollback", "v1"), "Would release web (its own LOG_LEVEL wins)"),
    ):
        lines = paas(*arguments, "-a", "shared", "--dry-run").lines
        assert lines[-4:] == [*REACHED, last, "A release would follow"]
        document = json.loads(paas(*arguments, "-a", "shared", "--dry-run", "--json").out)
        assert [each["would_release"] for each in document["apps"]] == [True, True, last != web]


def test_a_name_that_apps_have_from_it_is_not_sealed_in_between(paas: Paas, shared: Platform) -> None:
    """A config var that becomes a secret is unset first, which would take it from the apps."""
    result = paas("secrets:seal", "REGION", "-a", "shared")
    assert result.exit_code == 1
    assert "admin, api, web have REGION from shared" in result.err
    assert "Once it is sealed, unset the app's own, and the app has the secret of the group." in result.err
    assert shared.apps["shared"].draft == {}


def test_it_is_sealed_by_way_of_values_of_the_apps_own(paas: Paas, shared: Platform) -> None:
    """What the refusal says to do."""
    apps = ("admin", "api", "web")
    assert [paas("config:set", "REGION=eu-central-1", "-a", app).exit_code for app in apps] == [0, 0, 0]
    assert paas("secrets:seal", "REGION", "-a", "shared").exit_code == 0
    assert [paas("config:unset", "REGION", "-a", app).exit_code for app in apps] == [0, 0, 0]
    assert shared.apps["shared"].secrets["REGION"] == "eu-central-1"
    assert all("REGION" not in shared.apps[app].names for app in apps)


def test_before_it_is_asked_whether_to_copy_it_is_said_whom_that_reaches(shared: Platform) -> None:
    assert shared.apps
    copy = ("config:copy", "LOG_LEVEL", "--from", "web", "--to", "shared")
    terminal = Terminal(*copy, environ={"NO_COLOR": "1"})
    terminal.until("Copy and release this for shared? [y/N] ")
    assert [line for line in terminal.screen.splitlines() if line.startswith("Would")] == [
        *REACHED,
        "Would leave web as it is: its own LOG_LEVEL wins",
    ]
    terminal.type("n\n")
    assert terminal.end() == 1
    dry = Terminal(*copy, "--dry-run", environ={"NO_COLOR": "1"})
    assert dry.end() == 0
    assert dry.screen.splitlines()[1:3] == REACHED


def test_what_is_staged_reaches_nobody_yet(paas: Paas, shared: Platform) -> None:
    assert shared.apps
    assert paas("config:set", "REGION=us", "-a", "shared", "--stage", "--dry-run").lines == [
        "Would change REGION=us",
        "No release would follow",
    ]


def test_a_group_that_no_app_has_restarts_nothing(paas: Paas, shared: Platform) -> None:
    shared.add_group("eu")
    lines = paas("config:set", "ZONE=1", "-a", "eu", "--dry-run").lines
    assert lines == ["Would add ZONE=1", "No app has eu, so nothing would restart", "A release would follow"]


def test_a_dry_run_of_an_app_says_nothing_of_groups(paas: Paas, shared: Platform) -> None:
    assert paas("config:set", "A=1", "--dry-run").lines == ["Would add A=1", "A release would follow"]
    shared.gateway.fail("GetGroup", Fault(7, "You may not."))
    assert paas("config:set", "A=1", "-a", "shared", "--dry-run").lines == ["Would add A=1", "A release would follow"]


def test_elsewhere_than_on_a_terminal_there_is_a_line_for_each_state(paas: Paas, shared: Platform) -> None:
    result = paas("config:set", "REGION=us", "-a", "shared")
    assert (result.exit_code, result.lines) == (0, ["Set REGION · release v1", "v1 succeeded"])
    assert result.err.splitlines() == [
        "v1 queued",
        "v1 admin v1 running",
        "v1 running 0/3 apps",
        "v1 admin v1 succeeded",
        "v1 api v1 running",
        "v1 web v1 running",
        "v1 running 1/3 apps",
        "v1 api v1 succeeded",
        "v1 web v1 succeeded",
    ]
    assert shared.apps["web"].releases[1].description == "shared v1: Set REGION"


@pytest.mark.parametrize("columns", [60, 80])
def test_on_a_terminal_the_apps_are_seen_as_they_go(shared: Platform, columns: int) -> None:
    states = shared.end

    def waits_to_be_seen(release: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        for state in states(release):
            yield state
            if state.members[0].state == releaser_pb2.STATE_RUNNING:
                shared.more_events.wait(PATIENCE)

    shared.end = waits_to_be_seen  # type: ignore[method-assign]
    terminal = Terminal("config:set", "REGION=us", "-a", "shared", environ={"COLUMNS": str(columns)})
    terminal.until("admin v1 running")
    shared.more_events.set()
    assert terminal.end() == 0
    screen = plain(terminal.screen)
    assert "  admin v1 running" in screen
    left = [line.rpartition("\r")[2].rstrip() for line in screen.splitlines()]
    kept = [line for line in left if line.lstrip().startswith("✓")]
    assert kept == ["  ✓ admin v1 succeeded", "  ✓ api v1 succeeded", "  ✓ web v1 succeeded", "✓ v1 succeeded · 3 apps"]
    assert max(map(len, screen.replace("\r", "\n").splitlines())) <= columns


def test_one_that_fails_says_where_and_that_it_was_taken_back(paas: Paas, shared: Platform) -> None:
    def failing(release: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        release.state = releaser_pb2.STATE_RUNNING
        release.members[0].release, release.members[0].state = 8, releaser_pb2.STATE_FAILED
        yield release
        release.state = releaser_pb2.STATE_FAILED
        release.message = "admin v8: instance 1 was not ready in time."
        release.reverted_to, release.revert_release = 0, 2
        release.reverted_names.append("REGION")
        yield release

    shared.end = failing  # type: ignore[method-assign]
    result = paas("config:set", "REGION=us", "-a", "shared")
    assert result.exit_code == 6
    assert result.err.splitlines()[:2] == ["v1 admin v8 failed", "v1 running 1/3 apps"]
    assert (
        "Release v1 failed (admin v8: instance 1 was not ready in time) and was reverted: REGION is as in v0 again "
        "(release v2)" in result.err
    )


def test_members_that_may_not_be_seen_are_counted(paas: Paas, shared: Platform) -> None:
    release = shared.release("shared", "Set REGION", ["REGION"])
    release.hidden_members = 2
    del release.members[1:]
    release.members[0].state = releaser_pb2.STATE_QUEUED
    lines = paas("releases:info", "v1", "-a", "shared").lines
    assert [line for line in lines if line.startswith("app:")] == [
        "app: admin queued",
        "app: and 2 apps that you may not see",
    ]
    assert not any(line.startswith("instances:") for line in lines)
    document = json.loads(paas("releases:info", "v1", "-a", "shared", "--json").out)["release"]
    assert document["members"] == [{"app": "admin", "release": None, "state": "queued"}]
    assert document["hidden_members"] == 2


def test_a_release_of_an_app_says_what_it_was_given_of_groups(paas: Paas, shared: Platform) -> None:
    release = shared.release("web", "Set A")
    release.groups[0].secrets_version = 4
    release.groups.add(group="eu")
    assert "with: shared config 1, secrets 4" in paas("releases:info", "v1").lines
    assert "with: eu (it was empty)" in paas("releases:info", "v1").lines
    (line,) = paas("releases").lines
    assert line.split("\t")[4:] == ["Set A", "shared config 1, secrets 4; eu (it was empty)"]
    (document,) = json.loads(paas("releases", "--json").out)["releases"]
    assert document["groups"] == [
        {"group": "shared", "config_version": 1, "secrets_version": 4},
        {"group": "eu", "config_version": None, "secrets_version": None},
    ]


def test_a_list_without_groups_has_the_columns_it_had(paas: Paas, signed_in: Platform) -> None:
    signed_in.release("web", "Set A")
    (line,) = paas("releases").lines
    assert len(line.split("\t")) == 5
