"""What holds between shared groups and the apps that have them, worked out without touching anything.

An app is given its own variables and those of its groups, and its own value wins, name by name. So no two groups of an
app have a name in common, an app's limits hold for all that it is given, and a name that an app has of a group is not
unset there. Going back is the exception, as far as it removes: what is taken back must not stay.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from paaskit.errors import LimitExceeded, NotFound, Refused
from paaskit.variables import MAX_NAMES, MAX_TOTAL_BYTES
from services.config.domain import App, Entry, GroupRef, Kind, Shared, Sight, Snapshot, Use
from services.config.rules.plan import Plan

_SHOWN: Final = 8

Sizes = Mapping[str, int]
"""What each name counts with towards the limits."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of the names of an app or group: those it gains or has with another size, and those it loses.

    `names` and `size` are its own totals afterwards, `groups` those that it has then.
    """

    gains: Sizes
    loses: Collection[str]
    names: int
    size: int
    groups: tuple[GroupRef, ...] | None = None


def step_of(plan: Plan, *, resized: Sequence[Entry] = ()) -> Step:
    """Return the step that a plan for what is live makes."""
    gains = {entry.name: entry.size for entry in (*plan.open, *resized)}
    return Step(
        gains=gains,
        loses=[name for name in plan.close if name not in gains],
        names=plan.totals.names,
        size=plan.totals.size,
        groups=plan.spec.groups if plan.spec is not None else None,
    )


def check_step(snapshot: Snapshot, step: Step, *, goes_back: bool = False) -> None:
    """Raise Refused or LimitExceeded where a step does not fit the groups of an app, or the apps that have a group.

    What `goes_back` may take names that are in use from those who have them.
    """
    shared = snapshot.shared
    if shared is None:
        return
    if not snapshot.app.is_group:
        _check_app(shared, step)
        return
    if not goes_back:
        refuse_used(snapshot, step.loses)
    if step.gains:
        _check_users(snapshot, shared, step)


def refuse_group(app: App) -> None:
    """Raise NotFound for a group in place of an app."""
    if app.is_group:
        raise not_an_app(app.name)


def not_an_app(name: str) -> NotFound:
    """Return the error for a group in place of an app."""
    return NotFound(
        f"{name} is a group, which runs nothing and has no add-ons. `paas groups:info {name}` shows it.",
        reason="NOT_AN_APP",
    )


def refuse_used(snapshot: Snapshot, names: Collection[str]) -> None:
    """Raise Refused naming every one of `names` that an app has of this group, and the apps."""
    shared, group = snapshot.shared, snapshot.app
    if shared is None or not group.is_group:
        return
    held = shared.held.get(group.app_id, {})
    users = {name: [use for use in shared.uses if name not in use.own] for name in names if name in held}
    used = [name for name, those in users.items() if those]
    if not used:
        return
    apps = {use.app_id: use for name in used for use in users[name]}
    example = next((use.app for use in apps.values() if shared.sight.has(use.app_id)), "APP")
    is_secret = held[used[0]].kind is Kind.SECRET
    command = f"secrets:set {used[0]}" if is_secret else f"config:set {used[0]}=VALUE"
    raise Refused(
        f"{', '.join(used)}: from {group.name} in {told(list(apps.values()), shared.sight)}. Give each a value of its "
        f"own first (`paas {command} -a {example}`), or detach the group (`paas groups:detach {group.name} -a "
        f"{example}`).",
        reason="GROUP_NAME_IN_USE",
    )


def refuse_given(snapshot: Snapshot, names: Sequence[str]) -> None:
    """Raise NotFound naming those of `names` that the app has of a group alone, where the caller may see that."""
    shared = snapshot.shared
    if shared is None or snapshot.app.is_group:
        return
    for group in (group for use in shared.uses for group in use.groups if shared.sight.has(group.group_id)):
        held = shared.held.get(group.group_id, {})
        given = [name for name in names if name in held and name not in snapshot.current]
        if given:
            raise NotFound(
                f"{', '.join(given)}: not set in {snapshot.app.name}, which has it from the group {group.name}. To "
                f"unset it for all that have it, run `paas config:unset {' '.join(given)} -a {group.name}`.",
                reason="NAME_NOT_SET",
            )


def refuse_collision(shared: Shared, groups: Sequence[GroupRef], *, app: str) -> None:
    """Raise Refused where two of `groups` have a name in common."""
    for place, second in enumerate(groups):
        for first in groups[:place]:
            mine, others = shared.held.get(second.group_id, {}), shared.held.get(first.group_id, {})
            common = [name for name in others if name in mine]
            if common:
                listed = _listable(common, mine, others, sight=shared.sight)
                raise Refused(
                    f"{listed}: in {first.name} and in {second.name}, and {app} can have a name from one group alone. "
                    f"Unset it in one of them, or detach one (`paas groups:detach {first.name} -a {app}`).",
                    reason="GROUP_NAME_COLLIDES",
                )


def given_by(own: Collection[str], groups: Sequence[Mapping[str, Entry]]) -> dict[str, Entry]:
    """Return what an app is given by its groups beside what is its own. Of two with one name the first wins."""
    given: dict[str, Entry] = {}
    for held in groups:
        given |= {name: entry for name, entry in held.items() if name not in own and name not in given}
    return given


def told(uses: Sequence[Use], sight: Sight) -> str:
    """Return apps as a caller may be told of them: by name, or only how many."""
    seen = [use.app for use in uses if sight.has(use.app_id)][:_SHOWN]
    rest = len(uses) - len(seen)
    if not seen:
        return "1 app that you may not see" if rest == 1 else f"{rest} apps that you may not see"
    return ", ".join(seen) + (f" and {rest} more" if rest else "")


def _check_app(shared: Shared, step: Step) -> None:
    (use,) = shared.uses
    groups = use.groups if step.groups is None else step.groups
    adds = any(group not in use.groups for group in groups)
    if adds:
        refuse_collision(shared, groups, app=use.app)
    if not (step.gains or adds):
        return
    own = (use.own.keys() | step.gains.keys()) - set(step.loses)
    given = given_by(own, [shared.held.get(group.group_id, {}) for group in groups])
    names, size = step.names + len(given), step.size + sum(entry.size for entry in given.values())
    _check_limits(use.app, names=names, size=size)


def _check_users(snapshot: Snapshot, shared: Shared, step: Step) -> None:
    group = snapshot.app
    held = shared.held.get(group.app_id, {})
    new = [name for name in step.gains if name not in held]
    for use in shared.uses:
        others = {each: shared.held.get(each.group_id, {}) for each in use.groups if each.group_id != group.app_id}
        for other, names in others.items():
            common = [name for name in new if name in names]
            if common:
                raise _collides(common, group.name, other, use, sight=shared.sight)
        before = given_by(use.own, [shared.held.get(each.group_id, {}) for each in use.groups])
        sizes = {name: entry.size for name, entry in before.items() if name not in step.loses}
        sizes |= {name: size for name, size in step.gains.items() if name not in use.own}
        grown = sum(sizes.values()) > sum(entry.size for entry in before.values())
        if grown:
            app = use.app if shared.sight.has(use.app_id) else f"An app that has {group.name}"
            _check_limits(app, names=use.names + len(sizes), size=use.size + sum(sizes.values()))


def _check_limits(app: str, *, names: int, size: int) -> None:
    if names > MAX_NAMES:
        raise LimitExceeded(
            f"{app} would have {names} variables, with those of its groups; an app has at most {MAX_NAMES}."
        )
    if size > MAX_TOTAL_BYTES:
        raise LimitExceeded(
            f"{app} would have {size // 1024} KiB of variables, with those of its groups; an app has at most "
            f"{MAX_TOTAL_BYTES // 1024} KiB."
        )


def _collides(names: Sequence[str], group: str, other: GroupRef, use: Use, *, sight: Sight) -> Refused:
    app = use.app if sight.has(use.app_id) else f"an app that has {group}"
    owner = f"the group {other.name}" if sight.has(other.group_id) else "another group"
    return Refused(
        f"{', '.join(names)}: {app} has {owner} as well, which has it already. Choose another name, or detach one of "
        "the two groups.",
        reason="GROUP_NAME_COLLIDES",
    )


def _listable(names: Sequence[str], mine: Mapping[str, Entry], others: Mapping[str, Entry], *, sight: Sight) -> str:
    """Return names as a caller may be told of them, who may not list secrets."""
    shown = [name for name in names if sight.secrets or Kind.SECRET not in {mine[name].kind, others[name].kind}]
    hidden = len(names) - len(shown)
    if not shown:
        return "1 secret" if hidden == 1 else f"{hidden} secrets"
    rest = hidden + len(shown[_SHOWN:])
    return ", ".join(shown[:_SHOWN]) + (f" and {rest} more" if rest else "")
