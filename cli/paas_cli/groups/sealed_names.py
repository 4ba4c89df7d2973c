"""The names of secrets that an app gets of its shared groups. Their values are read with `-a GROUP` alone."""

from paas_cli.commands.config.listing import Listing
from paas_cli.session import Session
from paas_cli.variables import secret_names


def or_none(session: Session, listing: Listing) -> dict[str, str] | None:
    """By name the group it comes from; None where they can't be listed now.

    `listing` is that of the app. Groups that the caller may not see are passed over, and so are names that the app has
    itself. Raises Failure.
    """
    found: dict[str, str] = {}
    config = {var.name: group for var, group in listing.from_groups()}
    for group in listing.groups:
        if group.hidden:
            continue
        names = secret_names.or_none(session.of_app(group.group))
        if names is None:
            return None
        for name in names:
            if name not in group.own_names and name not in config:
                found.setdefault(name, group.group)
    return found


def by_group(names: dict[str, str]) -> dict[str, list[str]]:
    """The same the other way round: by group its names, in their order."""
    found: dict[str, list[str]] = {}
    for name, group in names.items():
        found.setdefault(group, []).append(name)
    return found
