"""How things stand now: which secrets an app has, what of it was released, which trusts live.

What the caller may not see is left out and said to be, where the rest goes on.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from paas_cli.incident.facts import Now, Released
from paas_cli.incident.source import Source

_AT_ONCE = 4
_SUCCEEDED = 3
Found = TypeVar("Found")


def apps(source: Source) -> list[str]:
    """The names of all apps in sight, and of shared groups, whose secrets are read as theirs are. Raises Failure."""
    from paas.config.v1 import config_pb2

    request, found = config_pb2.ListAppsRequest(), list[str]()
    while True:
        answer = source.read("/paas.config.v1.ConfigService/ListApps", request, config_pb2.ListAppsResponse)
        found += [app.name for app in answer.apps]
        if not answer.next_page_token:
            return [*found, *_groups(source)]
        request.page_token = answer.next_page_token


def _groups(source: Source) -> list[str]:
    from paas.config.v1 import groups_pb2

    request, found = groups_pb2.ListGroupsRequest(), list[str]()
    while True:
        answer = source.read("/paas.config.v1.GroupsService/ListGroups", request, groups_pb2.ListGroupsResponse)
        found += [group.name for group in answer.groups]
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def secrets(source: Source, of_apps: Iterable[str]) -> dict[str, dict[str, Now] | None]:
    """The secrets each app has, by name; None for an app that is not there. Raises Failure."""
    return _each(of_apps, lambda app: _secrets_of(source, app))


def released(source: Source, of_apps: Iterable[str]) -> dict[str, Released]:
    """The newest release of each app that succeeded. Raises Failure."""
    return _each(of_apps, lambda app: _released_of(source, app))


def trusts(source: Source) -> dict[str, str]:
    """Trusts in sight that live: who made each, by name. Raises Failure."""
    from paas.tokens.v1 import tokens_pb2

    request, found = tokens_pb2.ListTrustsRequest(), dict[str, str]()
    while True:
        answer = source.read("/paas.tokens.v1.TrustsService/ListTrusts", request, tokens_pb2.ListTrustsResponse)
        found |= {trust.name: trust.creator for trust in answer.trusts}
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _each(of_apps: Iterable[str], ask: Callable[[str], Found]) -> dict[str, Found]:
    names = sorted(set(of_apps))
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return dict(zip(names, threads.map(ask, names), strict=True))


def _secrets_of(source: Source, app: str) -> dict[str, Now] | None:
    from paas.secrets.v1 import secrets_pb2

    request, found = secrets_pb2.ListSecretsRequest(app=app), dict[str, Now]()
    while True:
        answer = source.find("/paas.secrets.v1.SecretsService/ListSecrets", request, secrets_pb2.ListSecretsResponse)
        if answer is None:
            return None
        for secret in answer.secrets:
            until = secret.previous_until
            previous = until.seconds * 1_000_000 if secret.HasField("previous_until") else None
            found[secret.name] = Now(version=secret.version, previous_until=previous)
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token


def _released_of(source: Source, app: str) -> Released:
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.ListReleasesRequest(app=app)
    while True:
        answer = source.find(
            "/paas.releaser.v1.ReleaserService/ListReleases", request, releaser_pb2.ListReleasesResponse
        )
        if answer is None:
            return Released()
        for release in answer.releases:
            if release.state == _SUCCEEDED:
                return Released(number=release.number, secrets_version=release.secrets_version)
        if not answer.next_page_token:
            return Released()
        request.page_token = answer.next_page_token
