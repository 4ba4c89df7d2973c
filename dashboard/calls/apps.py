"""What there is to know of apps, read as the person who looks."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal

_PAGE = 500

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Variables:
    """What an app has and what is staged for it. A list that the person may not see is None."""

    config: Sequence[config_pb2.Var] | None
    staged_config: Sequence[config_pb2.StagedVar]
    secrets: Sequence[secrets_pb2.Secret] | None
    staged_secrets: Sequence[secrets_pb2.StagedSecret]
    etag: str


@dataclass(frozen=True, kw_only=True)
class Glance:
    """How many of an app's variables are staged, and its secrets without their values, as far as they are seen."""

    staged: int
    secrets: Sequence[secrets_pb2.Secret]


def when(stamp: Timestamp) -> datetime:
    """A protobuf time as a datetime in UTC."""
    return stamp.ToDatetime(UTC)


async def list_apps(caller: Caller) -> list[config_pb2.App]:
    """Return all apps that the person may see. Raises Refusal."""
    stub, found, token = config_pb2_grpc.ConfigServiceStub(caller.channel), list[config_pb2.App](), ""
    while True:
        answer = await caller.call(stub.ListApps, config_pb2.ListAppsRequest(page_size=_PAGE, page_token=token))
        found += answer.apps
        token = answer.next_page_token
        if not token:
            return found


async def get_app(caller: Caller, app: str) -> config_pb2.GetAppResponse:
    """Return an app. Raises Refusal, as where there is none."""
    stub = config_pb2_grpc.ConfigServiceStub(caller.channel)
    return await caller.call(stub.GetApp, config_pb2.GetAppRequest(app=app))


async def newest_release(caller: Caller, app: str) -> releaser_pb2.Release | None:
    """Return the newest release; None where there is none, or the person may not see it. Raises Refusal."""
    releases = await list_releases(caller, app, count=1)
    return releases[0] if releases else None


async def list_releases(caller: Caller, app: str, *, count: int) -> list[releaser_pb2.Release] | None:
    """Return the newest releases; None where the person may not see them. Raises Refusal."""
    stub = releaser_pb2_grpc.ReleaserServiceStub(caller.channel)
    request = releaser_pb2.ListReleasesRequest(app=app, page_size=count)
    answer = await _if_allowed(caller.call(stub.ListReleases, request))
    return None if answer is None else list(answer.releases)


async def list_instances(caller: Caller, app: str) -> releaser_pb2.ListInstancesResponse | None:
    """Return what runs, and what differs from what should; None where the person may not see it. Raises Refusal."""
    stub = releaser_pb2_grpc.ReleaserServiceStub(caller.channel)
    return await _if_allowed(caller.call(stub.ListInstances, releaser_pb2.ListInstancesRequest(app=app)))


async def list_variables(caller: Caller, app: str) -> Variables:
    """Return an app's variables of all kinds. Raises Refusal."""
    config, secrets = await asyncio.gather(_if_allowed(_config(caller, app)), _if_allowed(_secrets(caller, app)))
    return Variables(
        config=config.vars if config else None,
        staged_config=config.staged if config else (),
        secrets=secrets.secrets if secrets else None,
        staged_secrets=secrets.staged if secrets else (),
        etag=config.etag if config else "",
    )


async def glance(caller: Caller, app: str) -> Glance:
    """Return what of an app's variables waits or ends, without the value of any. Raises Refusal."""
    config, secrets = await asyncio.gather(
        _if_allowed(caller.call(config_pb2_grpc.ConfigServiceStub(caller.channel).ListVars, _first_var(app))),
        _if_allowed(_secrets(caller, app)),
    )
    return Glance(
        staged=(len(config.staged) if config else 0) + (len(secrets.staged) if secrets else 0),
        secrets=secrets.secrets if secrets else (),
    )


def _first_var(app: str) -> config_pb2.ListVarsRequest:
    """The first page has all that is staged, however short it is."""
    return config_pb2.ListVarsRequest(app=app, page_size=1)


async def _config(caller: Caller, app: str) -> config_pb2.ListVarsResponse:
    stub, whole, token = config_pb2_grpc.ConfigServiceStub(caller.channel), config_pb2.ListVarsResponse(), ""
    while True:
        answer = await caller.call(
            stub.ListVars, config_pb2.ListVarsRequest(app=app, page_size=_PAGE, page_token=token)
        )
        whole.vars.extend(answer.vars)
        if not token:
            whole.staged.extend(answer.staged)
            whole.etag = answer.etag
        token = answer.next_page_token
        if not token:
            return whole


async def _secrets(caller: Caller, app: str) -> secrets_pb2.ListSecretsResponse:
    stub, whole, token = secrets_pb2_grpc.SecretsServiceStub(caller.channel), secrets_pb2.ListSecretsResponse(), ""
    while True:
        answer = await caller.call(
            stub.ListSecrets, secrets_pb2.ListSecretsRequest(app=app, page_size=_PAGE, page_token=token)
        )
        whole.secrets.extend(answer.secrets)
        if not token:
            whole.staged.extend(answer.staged)
        token = answer.next_page_token
        if not token:
            return whole


async def _if_allowed(asked: Awaitable[T]) -> T | None:
    """What was asked for, or None where the person may not have it."""
    try:
        return await asked
    except Refusal as refusal:
        if refusal.code == code_pb2.PERMISSION_DENIED:
            return None
        raise
