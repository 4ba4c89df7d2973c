"""What runs for longer than a sign-in's access token: it goes on with a fresh one where the stream ends for that."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from paas.audit.v1 import audit_pb2
from paas.releaser.v1 import releaser_pb2

from tests.fakes.gateway import Fault
from tests.fakes.oidc_issuer import OidcIssuer, User
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas, Result

UNAUTHENTICATED = 16


@pytest.fixture
def watched(
    login: Callable[..., Result], sso: Platform, issuer: OidcIssuer, monkeypatch: pytest.MonkeyPatch
) -> Platform:
    """Signed in, on a machine whose clock is the issuer's."""
    monkeypatch.setattr("time.time", lambda: issuer.clock().timestamp())
    assert login().exit_code == 0
    return sso


def replace(platform: Platform, method: str, handler: Callable[[Any], Iterator[Any]]) -> None:
    path = next(path for path in platform.gateway.routes if path.endswith(f"/{method}"))
    platform.gateway.routes[path] = (platform.gateway.routes[path][0], handler)


def test_following_the_audit_log_goes_on_for_hours(paas: Paas, watched: Platform, issuer: OidcIssuer) -> None:
    """Through more ends of quiet streams than there are tries for broken ones."""
    asked: list[int] = []

    def follow(request: audit_pb2.FollowEventsRequest) -> Iterator[audit_pb2.FollowEventsResponse]:
        asked.append(request.after_sequence)
        if len(asked) > 12:
            raise Fault(7, "That is enough.")
        if len(asked) == 9:
            yield audit_pb2.FollowEventsResponse(event=audit_pb2.Event(sequence=40, action="config.set"))
        issuer.clock.advance(minutes=5)
        raise Fault(UNAUTHENTICATED, "")

    replace(watched, "FollowEvents", follow)
    result = paas("audit", "--follow", "-n", "0", "--json")
    assert [json.loads(line)["sequence"] for line in result.lines] == [40]
    assert asked == [-1] * 9 + [40] * 4  # the log is empty when it begins
    assert (result.exit_code, "That is enough." in result.err) == (4, True)
    assert issuer.realm.counted["refresh_token"] == 12


def test_following_ends_when_the_session_does(paas: Paas, watched: Platform, issuer: OidcIssuer, ann: User) -> None:
    def follow(_: Any) -> Iterator[audit_pb2.FollowEventsResponse]:
        ann.is_enabled = False
        issuer.clock.advance(minutes=5)
        raise Fault(UNAUTHENTICATED, "")

    replace(watched, "FollowEvents", follow)
    result = paas("audit", "--follow", "-n", "0")
    assert result.exit_code == 3
    assert "has ended. Sign in again: `paas login`." in result.err


def test_a_stream_that_refuses_fresh_tokens_is_not_asked_for_ever(
    paas: Paas, watched: Platform, issuer: OidcIssuer
) -> None:
    asked: list[Any] = []

    def follow(request: Any) -> Iterator[audit_pb2.FollowEventsResponse]:
        asked.append(request)
        raise Fault(UNAUTHENTICATED if len(asked) < 9 else 7, "")

    replace(watched, "FollowEvents", follow)
    result = paas("audit", "--follow", "-n", "0")
    assert (result.exit_code, "sign in again" in result.err) == (3, True)
    assert len(asked) == 2
    assert issuer.realm.counted["refresh_token"] == 1


def test_a_release_is_watched_to_its_end(paas: Paas, watched: Platform, issuer: OidcIssuer) -> None:
    path = next(path for path in watched.gateway.routes if path.endswith("/WatchRelease"))
    _, before = watched.gateway.routes[path]
    tries: list[int] = []

    def watch(request: releaser_pb2.WatchReleaseRequest) -> Iterator[releaser_pb2.WatchReleaseResponse]:
        tries.append(request.number)
        if len(tries) < 9:
            issuer.clock.advance(minutes=5)
            raise Fault(UNAUTHENTICATED, "")
        return before(request)  # type: ignore[return-value]

    replace(watched, "WatchRelease", watch)
    result = paas("config:set", "A=1")
    assert (result.exit_code, result.lines[-1]) == (0, "v1 succeeded")
    assert len(tries) == 9
