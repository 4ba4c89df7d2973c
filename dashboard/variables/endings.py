"""What of an app's secrets ends soon: values, former values that are there for an overlap, and shared groups'. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from paas.config.v1.config_pb2 import GroupVars
from paas.secrets.v1.secrets_pb2 import DueSecret, Secret

from dashboard.calls.apps import when

SOON: Final = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A value, by the name that an app has it under, and the secret whose it is. `group` is empty for its own."""

    name: str
    secret: str
    at: datetime
    group: str = ""


def endings(secrets: Sequence[Secret], now: datetime) -> list[Ending]:
    """Those that end within two weeks, the next first, and values that have ended: what has an end stays delivered."""
    soon = now + SOON
    found = [
        Ending(name=f"{each.name}_PREVIOUS", secret=each.name, at=when(each.previous_until))
        for each in secrets
        if each.HasField("previous_until") and now < when(each.previous_until) <= soon
    ]
    found += [
        Ending(name=each.name, secret=each.name, at=when(each.expires_at))
        for each in secrets
        if each.HasField("expires_at") and when(each.expires_at) <= soon
    ]
    return in_order(found)


def by_app(due: Iterable[DueSecret]) -> dict[str, list[Secret]]:
    """Secrets of all apps and groups that end, by the name of what has them."""
    found: dict[str, list[Secret]] = {}
    for each in due:
        found.setdefault(each.app, []).append(each.secret)
    return found


def of_groups(groups: Sequence[GroupVars], due: Mapping[str, Sequence[Secret]], now: datetime) -> list[Ending]:
    """Values that an app has of its groups and that end within two weeks or have ended, but those it has itself.

    `due` are secrets whose value ends, by group; former values, which are there for an overlap, are not among them.
    """
    return in_order(
        Ending(name=each.name, secret=each.name, at=when(each.expires_at), group=group.group)
        for group in groups
        for each in due.get(group.group, ())
        if each.name not in group.own_names and when(each.expires_at) <= now + SOON
    )


def in_order(found: Iterable[Ending]) -> list[Ending]:
    """The next first."""
    return sorted(found, key=lambda each: (each.at, each.name))
