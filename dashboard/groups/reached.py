"""Which apps a change of a shared group reaches, before it is made. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from paas.config.v1.groups_pb2 import GetGroupResponse

from dashboard.variables.changes import Verdict


@dataclass(frozen=True, kw_only=True)
class App:
    """One app that has the group. `own_names` are those of the change whose value it has itself."""

    name: str
    own_names: Sequence[str]
    is_released: bool


@dataclass(frozen=True, kw_only=True)
class Reached:
    """All apps that have the group, those that the person may not see as a number."""

    apps: Sequence[App]
    hidden: int

    @property
    def released(self) -> int:
        """How many of those that are seen get a name that changes."""
        return sum(app.is_released for app in self.apps)

    @property
    def left(self) -> Sequence[App]:
        """Those in which own values win over a name that changes."""
        return [app for app in self.apps if app.own_names]


def reached(group: GetGroupResponse, verdicts: Sequence[Verdict]) -> Reached:
    """Whom a change of these verdicts reaches: every app that does not have all of the changed names itself."""
    changed = [each.wanted.name for each in verdicts if each.counts]
    return Reached(apps=[_app(use.app, set(use.own_names), changed) for use in group.used_by], hidden=group.hidden_apps)


def _app(name: str, own: Collection[str], changed: Sequence[str]) -> App:
    wins = [each for each in changed if each in own]
    return App(name=name, own_names=wins, is_released=len(wins) < len(changed))
