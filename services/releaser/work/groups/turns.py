"""Whose turn it is as a shared group's release goes out to apps: one first, then all others. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.releaser.domain import State


@dataclass(frozen=True, kw_only=True)
class Follow:
    """How an app's release stands as a part of a group's: its own, or the newer one that carries it along.

    `settled` once nothing is to be taken back of a failed one any more. `gone`: the app was destroyed. `works`: one of
    its releases succeeded, ever.
    """

    app_id: str
    app: str
    release: int | None = None
    state: State | None = None
    message: str = ""
    untouched: bool = False
    settled: bool = True
    gone: bool = False
    works: bool = True

    @property
    def is_passed_over(self) -> bool:
        """Whether it holds up nothing: there is no app any more, or it is one that never worked."""
        return self.gone or (self._failed and not self.works)

    @property
    def stops(self) -> bool:
        """Whether the group's release fails with it."""
        return self._failed and not self.is_passed_over

    @property
    def is_under_way(self) -> bool:
        """Whether it is yet to be seen how it ends."""
        return self.release is not None and not self.gone and self.state is not State.SUCCEEDED and not self._failed

    @property
    def waits(self) -> bool:
        """Whether it was not its turn yet."""
        return self.release is None and not self.gone

    @property
    def _failed(self) -> bool:
        return self.state is State.FAILED and self.settled


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What to do with a group's release next."""


@dataclass(frozen=True, kw_only=True)
class Order(Turn):
    """It is the turn of these apps."""

    apps: Sequence[Follow]


@dataclass(frozen=True, kw_only=True)
class Wait(Turn):
    """Nothing can be done before one of these ends."""

    under_way: Sequence[Follow]


@dataclass(frozen=True, kw_only=True)
class Stop(Turn):
    """An app's release failed, and so does the group's; `untouched` where no app runs with any of it."""

    failed: Follow
    untouched: bool


@dataclass(frozen=True, kw_only=True)
class Finish(Turn):
    """Every app has it."""


def choose_turn(follows: Sequence[Follow], *, all_at_once: bool) -> Turn:
    """Return what is next.

    The first app has to come up with it before the others get it, and whichever fails, no further app gets it. Not so
    `all_at_once`, where something is taken back: then what the apps get has proved itself, and one that fails keeps
    none of the others from it.
    """
    failed = [each for each in follows if each.stops]
    waiting = [each for each in follows if each.waits]
    under_way = [each for each in follows if each.is_under_way]
    if failed and not (all_at_once and (waiting or under_way)):
        given = [each for each in follows if each.release is not None]
        return Stop(failed=failed[0], untouched=all(each.stops and each.untouched for each in given))
    if waiting and (all_at_once or any(each.state is State.SUCCEEDED for each in follows)):
        return Order(apps=waiting)
    if waiting and not under_way:
        return Order(apps=waiting[:1])
    if under_way:
        return Wait(under_way=under_way)
    return Finish()
