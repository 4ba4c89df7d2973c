"""What an app's release was given of shared groups, in words and as JSON. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import GroupVersion, Release


def words(given: "GroupVersion") -> str:
    """`shared config 7, secrets 3`: the group and the versions of its variables that it was given."""
    versions = [f"{kind} {number}" for kind, number in _versions(given) if number is not None]
    return f"{visible(given.group)} {', '.join(versions) or '(it was empty)'}"


def line(release: "Release") -> str:
    """All of them; empty where there are none."""
    return "; ".join(map(words, release.groups))


def documents(release: "Release") -> list[dict[str, object]]:
    """As JSON shows them; a version is null where none was ever part of a release."""
    return [
        {"group": each.group, **{f"{kind}_version": number for kind, number in _versions(each)}}
        for each in release.groups
    ]


def _versions(given: "GroupVersion") -> tuple[tuple[str, int | None], tuple[str, int | None]]:
    return (
        ("config", given.config_version if given.HasField("config_version") else None),
        ("secrets", given.secrets_version if given.HasField("secrets_version") else None),
    )
