"""What one tenant asks of the services, of its own things and of another tenant's, and what it may be told."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2, groups_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from tests.integration.isolation.people import SHARED, Person, set_secrets, set_vars


@dataclass(frozen=True)
class Call:
    """One call. `expect` looks at the answer; None where the call has to end with NOT_FOUND.

    `echoes` is set where the answer may tell the caller names that the caller has asked for before.
    """

    request: Message
    into: type[Message]
    expect: Callable[[Any], object] | None
    echoes: bool = False


def _is_of(me: Person, names: Iterable[str], *also: str) -> bool:
    return set(names) <= {SHARED, me.app, "COLOUR", "PASSWORD", me.name, f"S_{me.name}", me.token, *also}


def own(me: Person, chance: random.Random) -> Call:
    """A call about what this tenant has."""
    app, value = chance.choice((SHARED, me.app)), f"{me.value} {chance.randrange(10**9)}"
    return chance.choice(OWN)(me, app, value)


def _get_app(me: Person, app: str, _: str) -> Call:
    request = config_pb2.GetAppRequest(app=app)
    return Call(request, config_pb2.GetAppResponse, lambda answer: answer.app.app_id == me.app_ids[app])


def _list_apps(me: Person, _: str, __: str) -> Call:
    def all_of_them(answer: Any) -> bool:
        return {app.name: app.app_id for app in answer.apps} == me.app_ids

    return Call(config_pb2.ListAppsRequest(), config_pb2.ListAppsResponse, all_of_them)


def _list_vars(me: Person, app: str, _: str) -> Call:
    def all_of_them(answer: Any) -> bool:
        given = [var for group in answer.groups for var in group.vars]
        texts = [each.value for each in (*answer.vars, *answer.staged, *given)]
        of_groups = {f"G_{me.name}"} if app == me.app else set()
        return (
            {each.name for each in answer.vars} == {"COLOUR", me.name}
            and {each.name for each in given} == of_groups
            and all(text.startswith(me.value) for text in texts)
        )

    return Call(config_pb2.ListVarsRequest(app=app), config_pb2.ListVarsResponse, all_of_them)


def _list_groups(me: Person, _: str, __: str) -> Call:
    def all_of_them(answer: Any) -> bool:
        return [(group.name, group.apps) for group in answer.groups] == [(me.group, 1)]

    return Call(groups_pb2.ListGroupsRequest(), groups_pb2.ListGroupsResponse, all_of_them)


def _get_group(me: Person, _: str, __: str) -> Call:
    request = groups_pb2.GetGroupRequest(group=me.group)
    return Call(request, groups_pb2.GetGroupResponse, lambda answer: [each.app for each in answer.used_by] == [me.app])


def _stage_var(_: Person, app: str, value: str) -> Call:
    return Call(set_vars(app, {"COLOUR": value}, stage=True), config_pb2.SetVarsResponse, lambda _: True)


def _list_secrets(me: Person, app: str, _: str) -> Call:
    def all_of_them(answer: Any) -> bool:
        return {each.name for each in answer.secrets} == {"PASSWORD", f"S_{me.name}"}

    return Call(secrets_pb2.ListSecretsRequest(app=app), secrets_pb2.ListSecretsResponse, all_of_them)


def _list_due(me: Person, _: str, __: str) -> Call:
    def only_ours(answer: Any) -> bool:
        return all(each.app in me.app_ids and _is_of(me, [each.secret.name]) for each in answer.secrets)

    kind = secrets_pb2.DUE_KIND_ROTATION
    request = secrets_pb2.ListDueSecretsRequest(kind=kind, within=Duration(seconds=1))
    return Call(request, secrets_pb2.ListDueSecretsResponse, only_ours)


def _reveal(me: Person, app: str, _: str) -> Call:
    request = secrets_pb2.RevealSecretRequest(app=app, name="PASSWORD")
    return Call(request, secrets_pb2.RevealSecretResponse, lambda answer: answer.value == f"{me.value} at first")


def _stage_secret(_: Person, app: str, value: str) -> Call:
    return Call(set_secrets(app, {"PASSWORD": value}, stage=True), secrets_pb2.SetSecretsResponse, lambda _: True)


def _list_tokens(me: Person, _: str, __: str) -> Call:
    def all_of_them(answer: Any) -> bool:
        return [each.token_id for each in answer.tokens] == [me.token_id]

    return Call(tokens_pb2.ListTokensRequest(), tokens_pb2.ListTokensResponse, all_of_them)


def _who_am_i(me: Person, _: str, __: str) -> Call:
    return Call(tokens_pb2.WhoAmIRequest(), tokens_pb2.WhoAmIResponse, lambda answer: answer.tenant == me.tenant)


def _list_events(me: Person, _: str, __: str) -> Call:
    def only_ours(answer: Any) -> bool:
        return bool(answer.events) and {event.tenant for event in answer.events} == {me.tenant}

    # What was asked for in vain may be on record, with its name, for whoever asked.
    return Call(audit_pb2.ListEventsRequest(page_size=20), audit_pb2.ListEventsResponse, only_ours, echoes=True)


def _list_releases(me: Person, app: str, _: str) -> Call:
    def only_ours(answer: Any) -> bool:
        return len(answer.releases) > 0 and all(
            # The spec, which has no name, is what a group is attached with.
            _is_of(me, (change.name for change in release.changes), "")
            for release in answer.releases
        )

    return Call(releaser_pb2.ListReleasesRequest(app=app), releaser_pb2.ListReleasesResponse, only_ours)


OWN: Final = (
    _get_app,
    _list_apps,
    _list_vars,
    _list_groups,
    _get_group,
    _stage_var,
    _list_secrets,
    _list_due,
    _reveal,
    _stage_secret,
    _list_tokens,
    _who_am_i,
    _list_events,
    _list_releases,
)


def of_another(other: Person, chance: random.Random) -> Call:
    """A call about what only `other` has, by somebody of another tenant: there is no such thing for them."""
    app, name = other.app, f"S_{other.name}"
    unknown = (
        (config_pb2.GetAppRequest(app=app), config_pb2.GetAppResponse),
        (config_pb2.ListVarsRequest(app=app), config_pb2.ListVarsResponse),
        (set_vars(app, {"A": "1"}, stage=True), config_pb2.SetVarsResponse),
        (config_pb2.DestroyAppRequest(request_id=random_id(), app=app), config_pb2.DestroyAppResponse),
        (groups_pb2.GetGroupRequest(group=other.group), groups_pb2.GetGroupResponse),
        (
            groups_pb2.AttachGroupRequest(request_id=random_id(), app=SHARED, group=other.group),
            groups_pb2.AttachGroupResponse,
        ),
        (
            groups_pb2.DestroyGroupRequest(request_id=random_id(), group=other.group),
            groups_pb2.DestroyGroupResponse,
        ),
        (secrets_pb2.ListSecretsRequest(app=app), secrets_pb2.ListSecretsResponse),
        (secrets_pb2.RevealSecretRequest(app=app, name="PASSWORD"), secrets_pb2.RevealSecretResponse),
        (secrets_pb2.RevealSecretRequest(app=SHARED, name=name), secrets_pb2.RevealSecretResponse),
        (set_secrets(app, {"A": "1"}, stage=True), secrets_pb2.SetSecretsResponse),
        (tokens_pb2.RevokeTokenRequest(token=other.token), tokens_pb2.RevokeTokenResponse),
        (tokens_pb2.RevokeTokenRequest(token=other.token_id), tokens_pb2.RevokeTokenResponse),
        (releaser_pb2.ListReleasesRequest(app=app), releaser_pb2.ListReleasesResponse),
        (releaser_pb2.GetReleaseRequest(app=app, number=1), releaser_pb2.GetReleaseResponse),
        (releaser_pb2.CreateReleaseRequest(request_id=random_id(), app=app), releaser_pb2.CreateReleaseResponse),
    )
    request, into = chance.choice(unknown)
    return Call(request, into, None)
