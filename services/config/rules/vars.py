"""Setting and unsetting config vars."""

from collections.abc import Mapping, Sequence

from paaskit.audit import Actor
from paaskit.changes import Change, Mutation
from paaskit.requests import check_request_id
from paaskit.variables import refuse, violations_of
from services.config.domain import Entry, Kind, Needs, Snapshot, Totals
from services.config.rules.drafts import stage_set, stage_unset
from services.config.rules.mutations import Mutations
from services.config.rules.plan import Plan, compare, config_entry, refuse_kinds, refuse_missing
from services.config.rules.sharing import refuse_given


class Vars:
    """Changes of config vars: live, or into the app's draft where that is asked for."""

    def __init__(self, mutations: Mutations) -> None:
        self._mutations = mutations

    async def set(self, actor: Actor, order: Mutation, wanted: Sequence[tuple[str, str]]) -> Change:
        """Set config vars: all or none.

        Raises InvalidInput, NotFound, Refused where a name is something else, LimitExceeded, Conflict for a stale etag.
        """
        names = [name for name, _ in wanted]
        values = [value for _, value in wanted]
        refuse([check_request_id(order.request_id), *violations_of(names, values, field="vars")])
        if order.stage:
            return await self._mutations.stage(
                actor,
                order,
                action="config.set",
                asked=wanted,
                step=lambda snapshot, stamp: stage_set(snapshot, wanted, stamp),
            )
        return await self._mutations.live(
            actor,
            order,
            action="config.set",
            verb="Set",
            needs=Needs(names=names),
            asked=wanted,
            plan=lambda snapshot: plan_set(snapshot.current, snapshot.app.totals, wanted),
        )

    async def unset(self, actor: Actor, order: Mutation, names: Sequence[str], *, ignore_missing: bool) -> Change:
        """Unset config vars: all or none.

        Raises InvalidInput, NotFound naming all that are not set, Refused where a name is something else, Conflict.
        """
        refuse([check_request_id(order.request_id), *violations_of(names, field="names")])
        asked = [names, ignore_missing]
        if order.stage:
            return await self._mutations.stage(
                actor,
                order,
                action="config.unset",
                asked=asked,
                step=lambda snapshot, stamp: stage_unset(snapshot, names, stamp, ignore_missing=ignore_missing),
            )
        return await self._mutations.live(
            actor,
            order,
            action="config.unset",
            verb="Unset",
            needs=Needs(names=names),
            asked=asked,
            plan=lambda found: _plan_unset(found, names, ignore_missing=ignore_missing),
        )


def plan_set(current: Mapping[str, Entry], totals: Totals, wanted: Sequence[tuple[str, str]]) -> Plan:
    """Plan to set config vars. Raises Refused for names that are secrets or managed, LimitExceeded past the limits."""
    refuse_kinds(current, [name for name, _ in wanted], allowed=Kind.CONFIG)
    return compare(current, totals, keep=[config_entry(name, value, current.get(name)) for name, value in wanted])


def _plan_unset(snapshot: Snapshot, names: Sequence[str], *, ignore_missing: bool) -> Plan:
    if not ignore_missing:
        refuse_given(snapshot, names)
    return plan_unset(snapshot.current, snapshot.app.totals, names, ignore_missing=ignore_missing)


def plan_unset(current: Mapping[str, Entry], totals: Totals, names: Sequence[str], *, ignore_missing: bool) -> Plan:
    """Plan to unset config vars. Raises NotFound naming every one that is not set, unless they are to be ignored."""
    refuse_kinds(current, names, allowed=Kind.CONFIG)
    refuse_missing([name for name in names if name not in current], ignore=ignore_missing)
    return compare(current, totals, remove=[name for name in names if name in current])
