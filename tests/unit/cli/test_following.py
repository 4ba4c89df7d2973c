"""Following a release past what comes between: broken streams, a releaser that is away, and who may not watch.

Leaves out how one ends (test_releases).
"""

import json
from collections.abc import Iterator

import pytest
from paas.releaser.v1 import releaser_pb2

from paas_cli.releases import follow
from tests.fakes.gateway import Drop, Fault
from tests.fakes.platform import Platform
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.conftest import Paas

Releases = Iterator[releaser_pb2.Release]


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
    assert paas("config:set", "A=1").err.splitlines().count("v1 queued") == 1
    assert len(seen) == 2


def test_a_releaser_that_stays_away_says_the_change_is_kept(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("WatchRelease", Fault(14, "no healthy upstream"))
    result = paas("config:set", "A=1")
    assert result.exit_code == 5
    assert "The change is kept and release v1 goes on, but the releaser service is unavailable" in result.err
    assert signed_in.apps["web"].vars == {"A": "1"}


CAUSING = [
    ("config:set", "A=2"),
    ("config:unset", "A"),
    ("config:import", "-"),
    ("secrets:set", "S=2"),
    ("secrets:import", "-"),
    ("secrets:rotate", "S"),
    ("secrets:unset", "S"),
    ("rollback", "v1"),
    ("restart",),
    ("releases:create",),
    ("apps:update", "--instances", "3"),
]


@pytest.mark.parametrize("arguments", CAUSING, ids=" ".join)
def test_who_may_change_and_not_watch_has_changed_it_and_is_told(
    paas: Paas, signed_in: Platform, arguments: tuple[str, ...]
) -> None:
    refusal = Fault(7, "You may not do this.", reason="PERMISSION_DENIED", metadata={"permission": "releases.read"})
    signed_in.gateway.fail("WatchRelease", refusal)
    web = signed_in.apps["web"]
    web.vars, web.secrets = {"A": "1"}, {"S": "1"}
    signed_in.release("web", "Set A")
    result = paas(*arguments, stdin=b"N=1\n")
    assert result.exit_code == 0
    assert result.err.startswith("note: The change is kept and release v2 goes on, but it can't be watched: ")
    assert "releases.read" in result.err
    assert "--no-wait" in result.err
    again = paas(*arguments, "--json", stdin=b"N=2\n") if arguments[0] in ("config:import", "restart") else None
    if again is not None:
        assert again.exit_code == 0
        assert json.loads(again.out)["release"]["number"] == 3


def test_who_is_known_not_to_watch_is_told_without_being_refused(paas: Paas, signed_in: Platform) -> None:
    signed_in.permissions = ["config.write"]
    result = paas("config:set", "A=1", "--json")
    assert result.exit_code == 0
    assert json.loads(result.out)["release"]["number"] == 1
    assert result.err == (
        "note: The change is kept and release v1 goes on, but it can't be watched: that needs releases.read, which "
        "this sign-in does not have. --no-wait does not try.\n"
    )
    assert signed_in.gateway.calls("WatchRelease") == []


def test_where_nobody_can_tell_who_may_watch_it_is_tried(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("WhoAmI", Fault(13, "broken"))
    assert paas("config:set", "A=1").out == "Set A · release v1\nv1 succeeded\n"


def test_who_may_not_watch_is_refused_where_that_is_all_that_was_asked_for(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.fail("WatchRelease", Fault(7, "You may not.", reason="PERMISSION_DENIED"))
    signed_in.release("web", "Set A")
    assert paas("releases:watch", "v1").exit_code == 4


def test_a_release_that_stands_still_is_left_to_itself(
    paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(release: releaser_pb2.Release) -> Releases:
        release.state, release.message = releaser_pb2.STATE_RUNNING, "waiting for the secrets service"
        yield release
        signed_in.more_events.wait(PATIENCE)

    signed_in.end = waits  # type: ignore[method-assign]
    monkeypatch.setattr(follow, "_QUIET", 0.5)
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
