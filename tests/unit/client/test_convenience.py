"""Waiting for a release, and an app's environment, where services do what they rarely do at a test's command.

Leaves out that a real stack does so too (tests/e2e/test_python_client.py).
"""

from collections.abc import Iterator

import pytest
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2

from paas_client import Client, DeadlineExceeded, NotFound, PermissionDenied, ReleaseFailed
from paas_client.waiting import ended_release
from tests.fakes.gateway import Drop, Fault, Gateway

WATCH = "/paas.releaser.v1.ReleaserService/WatchRelease"
Told = list[releaser_pb2.Release | BaseException]


def _watched(gateway: Gateway, *streams: Told) -> None:
    """Have each time the release is watched be one of the streams, the last for ever."""
    left = list(streams)

    def watch(_: releaser_pb2.WatchReleaseRequest) -> Iterator[releaser_pb2.WatchReleaseResponse]:
        for told in left.pop(0) if len(left) > 1 else left[0]:
            if isinstance(told, BaseException):
                raise told
            yield releaser_pb2.WatchReleaseResponse(release=told)

    gateway.route(WATCH, releaser_pb2.WatchReleaseRequest, watch)


def _release(state: releaser_pb2.State.ValueType, **fields: object) -> releaser_pb2.Release:
    return releaser_pb2.Release(number=7, state=state, **fields)  # type: ignore[arg-type]


RUNNING = _release(releaser_pb2.STATE_RUNNING)
DONE = _release(releaser_pb2.STATE_SUCCEEDED)


def test_a_release_is_waited_for_over_streams_that_end(client: Client, gateway: Gateway, pauses: list[float]) -> None:
    _watched(gateway, [RUNNING, Drop()], [RUNNING], [RUNNING, DONE])
    assert client.wait_for_release("web", 7).state == releaser_pb2.STATE_SUCCEEDED
    assert len(pauses) == 2


def test_who_takes_its_change_over_is_waited_for_instead(client: Client, gateway: Gateway) -> None:
    _watched(gateway, [_release(releaser_pb2.STATE_SUPERSEDED, superseded_by=9)], [DONE])
    client.wait_for_release("web", 7)
    assert [call.number for call in gateway.calls("WatchRelease")] == [7, 9]


def test_a_release_that_fails_is_an_error(client: Client, gateway: Gateway) -> None:
    failed = _release(releaser_pb2.STATE_FAILED, message="Instance 1 is not ready.", reverted_to=5)
    _watched(gateway, [RUNNING, failed])
    sentence = "Release v7 of web failed: Instance 1 is not ready. Its changes were taken back to v5."
    with pytest.raises(ReleaseFailed) as raised:
        client.wait_for_release("web", 7)
    assert str(raised.value) == sentence


def test_the_wait_has_an_end(client: Client, gateway: Gateway) -> None:
    _watched(gateway, [RUNNING])
    clock = [100.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    with pytest.raises(DeadlineExceeded, match=r"v7 of web has not ended within 30 seconds; it goes on"):
        ended_release(client.releaser, app="web", number=7, timeout=30, now=lambda: clock[0], sleep=sleep)
    assert clock[0] == 130.0
    assert len(gateway.calls("WatchRelease")) == 30


def test_what_is_wrong_with_the_question_is_not_waited_for(client: Client, gateway: Gateway) -> None:
    _watched(gateway, [Fault(5, "There is no release v7 of web.")])
    gateway.fail("WatchRelease", Fault(5, "There is no release v7 of web."))
    with pytest.raises(NotFound, match="no release v7"):
        client.wait_for_release("web", 7)


def test_an_environment_is_what_is_part_of_the_app_now(client: Client, gateway: Gateway) -> None:
    kinds = {"PLAIN": 1, "MOVED": 1, "DATABASE_URL": 2, "ATTACHING": 2}
    listed = config_pb2.ListVarsResponse(
        vars=[config_pb2.Var(name=name, value="shown", kind=kind) for name, kind in kinds.items()]  # type: ignore[arg-type]
    )
    sealed = {"MOVED": False, "KEY": False, "DATABASE_URL": True, "DETACHED": True}
    opened = secrets_pb2.RevealEnvironmentResponse(
        values=[
            secrets_pb2.EnvironmentValue(name=name, value="c4n4ry", managed=managed) for name, managed in sealed.items()
        ]
    )
    gateway.route("/paas.config.v1.ConfigService/ListVars", config_pb2.ListVarsRequest, lambda _: listed)
    path = "/paas.secrets.v1.SecretsService/RevealEnvironment"
    gateway.route(path, secrets_pb2.RevealEnvironmentRequest, lambda _: opened)
    environment = client.environment("web")
    assert environment == {"PLAIN": "shown", "MOVED": "c4n4ry", "KEY": "c4n4ry", "DATABASE_URL": "c4n4ry"}
    assert len(gateway.calls("RevealEnvironment")) == 1
    assert repr(environment) == f"{environment}" == "Environment(DATABASE_URL, KEY, MOVED, PLAIN)"


def test_an_environment_has_what_comes_from_groups_and_own_values_win(client: Client, gateway: Gateway) -> None:
    def var(name: str, value: str) -> config_pb2.Var:
        return config_pb2.Var(name=name, value=value, kind=config_pb2.VAR_KIND_CONFIG)

    groups = [
        config_pb2.GroupVars(group="shared", vars=[var("REGION", "eu")], own_names=["LEVEL"]),
        config_pb2.GroupVars(group="late", vars=[var("REGION", "us"), var("LATE", "1")]),
    ]
    pages = {
        "": config_pb2.ListVarsResponse(vars=[var("LEVEL", "own")], next_page_token="2", groups=groups),
        "2": config_pb2.ListVarsResponse(vars=[var("DSN", "own"), var("OTHER", "own")]),
    }
    sealed = {"web": {"KEY": "c4n4ry-web"}, "shared": {"DSN": "c4n4ry", "KEY": "c4n4ry"}, "late": {"LEVEL": "c4n4ry"}}

    def opened(request: secrets_pb2.RevealEnvironmentRequest) -> secrets_pb2.RevealEnvironmentResponse:
        values = [secrets_pb2.EnvironmentValue(name=name, value=value) for name, value in sealed[request.app].items()]
        return secrets_pb2.RevealEnvironmentResponse(values=values)

    gateway.route(
        "/paas.config.v1.ConfigService/ListVars", config_pb2.ListVarsRequest, lambda request: pages[request.page_token]
    )
    path = "/paas.secrets.v1.SecretsService/RevealEnvironment"
    gateway.route(path, secrets_pb2.RevealEnvironmentRequest, opened)
    own = {"LEVEL": "own", "DSN": "own", "OTHER": "own", "KEY": "c4n4ry-web"}
    assert client.environment("web") == {**own, "REGION": "eu", "LATE": "1"}
    assert [request.app for request in gateway.calls("RevealEnvironment")] == ["web", "shared", "late"]


def test_half_an_environment_is_none(client: Client, gateway: Gateway) -> None:
    listed = config_pb2.ListVarsResponse(groups=[config_pb2.GroupVars(group="shared", hidden=True)])
    gateway.route("/paas.config.v1.ConfigService/ListVars", config_pb2.ListVarsRequest, lambda _: listed)
    path = "/paas.secrets.v1.SecretsService/RevealEnvironment"
    gateway.route(path, secrets_pb2.RevealEnvironmentRequest, lambda _: secrets_pb2.RevealEnvironmentResponse())
    with pytest.raises(PermissionDenied, match="web has shared, which you may not see"):
        client.environment("web")
    assert gateway.calls("RevealEnvironment") == []
