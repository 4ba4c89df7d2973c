"""What there is to know of apps, read as the person who looks."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2
from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal

_PAGE = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Variables:
    """What an app has and what is staged for it. A list that the person may not see is None."""

    config: Sequence[config_pb2.Var] | None
    staged_config: Sequence[config_pb2.StagedVar]
    secrets: Sequence[secrets_pb2.Secret] | None
    staged_secrets: Sequence[secrets_pb2.StagedSecret]
    etag: str
    # What the app has of shared groups, but for their secrets; nothing of a group.
    groups: Sequence[config_pb2.GroupVars] = ()


@dataclass(frozen=True, kw_only=True)
class Glance:
    """How many of an app's variables are staged, and its secrets without their values, as far as they are seen.

    `groups` are the shared groups that it has, as far as its config vars are seen.
    """

    staged: int
    secrets: Sequence[secrets_pb2.Secret]
    groups: Sequence[config_pb2.GroupVars]


def when(stamp: Timestamp) -> datetime:
    """A protobuf time as a datetime in UTC."""
    # Four times as fast as `ToDatetime`, of which a page of 500 variables has 500.
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


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
        groups=config.groups if config else (),
    )


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What an app has of one group that the person sees: config vars and, where they may list them, secrets."""

    vars: config_pb2.GroupVars
    secrets: Sequence[secrets_pb2.Secret]


async def shared_of(caller: Caller, variables: Variables) -> list[Shared]:
    """Return what an app has of its groups, in their order. Without one, nothing is asked. Raises Refusal."""
    seen = [each for each in variables.groups if not each.hidden]
    listed = await asyncio.gather(*(_if_allowed(_secrets(caller, each.group)) for each in seen))
    return [
        Shared(vars=each, secrets=secrets.secrets if secrets else ())
        for each, secrets in zip(seen, listed, strict=True)
    ]


async def glance(caller: Caller, app: str) -> Glance:
    """Return what of an app's variables waits or ends, without the value of any. Raises Refusal."""
    config, secrets = await asyncio.gather(
        _if_allowed(caller.call(config_pb2_grpc.ConfigServiceStub(caller.channel).ListVars, _first_var(app))),
        _if_allowed(_secrets(caller, app)),
    )
    return Glance(
        staged=(len(config.staged) if config else 0) + (len(secrets.staged) if secrets else 0),
        secrets=secrets.secrets if secrets else (),
        groups=config.groups if config else (),
    )


def _first_var(app: str) -> config_pb2.ListVarsRequest:
    """The first page has all that is staged and what comes from groups, however short it is."""
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
            whole.groups.extend(answer.groups)
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
