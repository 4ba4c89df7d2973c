"""A shared group as JSON shows it. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli.terminal import times

if TYPE_CHECKING:
    from paas.config.v1.groups_pb2 import Group


def group(found: "Group") -> dict[str, object]:
    """The group; how many variables it holds, and how many apps have it."""
    return {
        "id": found.group_id,
        "name": found.name,
        "version": found.version,
        "variable_count": found.names,
        "app_count": found.apps,
        "created_at": times.or_null(found.created_at),
    }
