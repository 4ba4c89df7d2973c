"""A shared group's release: an ordinary release of each app that has the group, one first and then the others.

What is done is written down with each step, so that whoever comes after a crash goes on from there. While apps are
released nothing is under way for the group itself. Must not touch instances, nor take anything back (`undo`).
"""

from collections.abc import Sequence

import structlog

from paaskit.errors import PaasError, Unavailable
from paaskit.wakeups import Wakeups
from services.releaser.contracts import Config, GroupUse
from services.releaser.domain import AppKey, Kind, Release, State
from services.releaser.store.leases import Lease
from services.releaser.store.members import MemberStore
from services.releaser.store.work import WorkStore
from services.releaser.work.groups.reach import Reached, candidates, changed_names, may_be_hidden
from services.releaser.work.groups.turns import Finish, Follow, Order, Stop, Wait, choose_turn
from services.releaser.work.states import States
from services.releaser.work.steps import Ended
from services.releaser.work.undo import GROUP_TAKES_BACK
from services.releaser.work.waiting import Following, waiting_for

log = structlog.get_logger()


class FanOut:
    """Brings a group's release to the apps that have the group."""

    def __init__(
        self, members: MemberStore, work: WorkStore, states: States, *, config: Config, wakeups: Wakeups[AppKey]
    ) -> None:
        self._members = members
        self._work = work
        self._states = states
        self._config = config
        self._wakeups = wakeups

    async def run(self, lease: Lease, release: Release) -> Ended:
        """Go on with a group's release as far as it goes now, and say how it ended.

        Raises Following where it did not, Waiting, PaasError, LeaseLost, or Unavailable where the database is away.
        """
        uses: Sequence[GroupUse] | None = None
        if release.fan_out is None:
            uses = await self._uses(lease.key)
            await self._members.open(lease, release.number, await self._reached(lease.key, release, uses))
        while True:
            self._wakeups.announce(lease.key)
            follows = await self._members.look(lease.key, release.number)
            match choose_turn(follows, all_at_once=release.kind is Kind.REVERT):
                case Order(apps=apps):
                    # Who has it no longer by then is given nothing.
                    uses = uses or await self._uses(lease.key)
                    users = {use.key.app_id for use in uses}
                    await self._members.leave(lease, release.number, [a for a in apps if a.app_id not in users])
                    await self._members.order(lease, release, [a for a in apps if a.app_id in users])
                    uses = None
                case Wait(under_way=under_way):
                    # A message says that it stands still, and its apps go on: how far they are, they say themselves.
                    if release.message:
                        await self._work.note(lease, release.number, "")
                        self._wakeups.announce(lease.key)
                    raise Following(
                        frozenset(AppKey(tenant=lease.key.tenant, app_id=each.app_id) for each in under_way)
                    )
                case Stop(failed=failed, untouched=untouched):
                    return _stopped(release, failed, untouched=untouched)
                case Finish():
                    if await self._members.close(lease, release.number):
                        return Ended(release=release, state=State.SUCCEEDED)

    async def _uses(self, key: AppKey) -> Sequence[GroupUse]:
        with waiting_for("config"):
            return await self._config.group_uses(key)

    async def _reached(self, key: AppKey, release: Release, uses: Sequence[GroupUse]) -> list[GroupUse]:
        """Return the apps that a release is for: those for which it changes anything."""
        reached = await self._members.reached(key, release.number, [use.key.app_id for use in uses])
        names = None if release.kind is Kind.REVERT else changed_names(reached.since_good)
        return [
            use
            for use in candidates(release, uses, reached)
            if not (may_be_hidden(use, names) and await self._is_hidden(use, names or frozenset(), reached))
        ]

    async def _is_hidden(self, use: GroupUse, names: frozenset[str], reached: Reached) -> bool:
        """Whether what an app runs with has values of its own for all that changed.

        A name that config knows may have its value in a draft only, so what its last good release has is looked at.
        """
        good = reached.good.get(use.key.app_id)
        if good is None:
            return False
        try:
            return names <= await self._states.own_names(use.key, good)
        except Unavailable:
            raise
        except PaasError:  # one release more does no harm, one too few does
            return False


def _stopped(release: Release, failed: Follow, *, untouched: bool) -> Ended:
    why = failed.message.replace(GROUP_TAKES_BACK, "").strip()
    return Ended(
        release=release,
        state=State.FAILED,
        message=f"v{failed.release} of {failed.app} failed: {why}",
        untouched=untouched,
        stopped_by=failed.app_id,
    )
