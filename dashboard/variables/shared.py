"""What an app has of shared groups, among its own variables. Pure."""

from collections.abc import Sequence

from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from dashboard.calls.apps import Shared
from dashboard.variables.carried import Carriers
from dashboard.variables.table import Row, row_of_secret, row_of_var


def behind(groups: Sequence[config_pb2.GroupVars]) -> dict[str, str]:
    """By name the group whose value an app's own wins over, or would. Secrets of groups only where the app has them."""
    found: dict[str, str] = {}
    for group in groups:
        for name in (*group.own_names, *(var.name for var in group.vars)):
            found.setdefault(name, group.group)
    return found


def with_shared(own: list[Row], shared: Sequence[Shared], carriers: Carriers | None = None) -> list[Row]:
    """An app's rows and those that it has of groups, by name. Its own value wins, and says over which group's.

    Where two groups had a name in common, the one attached first would win, as in what runs.
    `carriers` is what of them runs in the app, where asked.
    """
    if not shared:
        return own
    others = behind([each.vars for each in shared])
    found = {row.name: row._replace(wins_over=others.get(row.name, "")) for row in own}
    has_itself = {row.name for row in own if not row.is_new}
    for each in shared:
        for row in _rows_of(each, carriers):
            mine = found.get(row.name)
            if mine is None:
                found[row.name] = row
            elif row.name not in has_itself and not mine.origin:
                # What is staged is to win over it; until then the group's value is what runs.
                found[row.name] = row._replace(staged=mine.staged)
    return [found[name] for name in sorted(found)]


def _rows_of(shared: Shared, carriers: Carriers | None) -> list[Row]:
    group = shared.vars.group
    return [
        *(_of_var(var, group, carriers) for var in shared.vars.vars),
        *(_of_secret(secret, group, carriers) for secret in shared.secrets if secret.name not in shared.vars.own_names),
    ]


def _of_var(var: config_pb2.Var, group: str, carriers: Carriers | None) -> Row:
    carried = carriers.of_shared(group, var.version, secret=False) if carriers else None
    return row_of_var(var, carried=carried, origin=group)


def _of_secret(secret: secrets_pb2.Secret, group: str, carriers: Carriers | None) -> Row:
    carried = carriers.of_shared(group, secret.version, secret=True) if carriers else None
    return row_of_secret(secret, carried=carried, origin=group)
