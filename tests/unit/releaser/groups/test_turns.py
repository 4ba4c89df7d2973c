"""Whose turn it is as a shared group's release goes out: a model of the apps is led through it, whatever happens."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.releaser.domain import State
from services.releaser.work.groups.turns import Finish, Follow, Order, Stop, Wait, choose_turn

FIRST, SECOND, THIRD = (Follow(app_id=f"id-{name}", app=name) for name in ("api", "web", "worker"))


def has(
    follow: Follow,
    state: State,
    *,
    untouched: bool = False,
    settled: bool = True,
    gone: bool = False,
    works: bool = True,
) -> Follow:
    """An app whose release stands so."""
    return replace(follow, release=7, state=state, untouched=untouched, settled=settled, gone=gone, works=works)


def test_one_comes_first() -> None:
    assert choose_turn([FIRST, SECOND], all_at_once=False) == Order(apps=[FIRST])
    begun = has(FIRST, State.RUNNING)
    assert choose_turn([begun, SECOND], all_at_once=False) == Wait(under_way=[begun])
    up = has(FIRST, State.SUCCEEDED)
    assert choose_turn([up, SECOND, THIRD], all_at_once=False) == Order(apps=[SECOND, THIRD])
    assert isinstance(choose_turn([up], all_at_once=False), Finish)
    assert isinstance(choose_turn([], all_at_once=False), Finish)


def test_what_is_taken_back_goes_to_all_at_once_whichever_fails() -> None:
    assert choose_turn([FIRST, SECOND], all_at_once=True) == Order(apps=[FIRST, SECOND])
    failed, behind = has(FIRST, State.FAILED), has(SECOND, State.QUEUED)
    assert choose_turn([failed, behind], all_at_once=True) == Wait(under_way=[behind])
    assert isinstance(choose_turn([failed, has(SECOND, State.SUCCEEDED)], all_at_once=True), Stop)


def test_a_failure_is_waited_for_until_it_is_settled_and_stops_it_then() -> None:
    settling = has(FIRST, State.FAILED, settled=False)
    assert choose_turn([settling, SECOND], all_at_once=False) == Wait(under_way=[settling])
    failed = has(FIRST, State.FAILED, untouched=True)
    assert choose_turn([failed, SECOND], all_at_once=False) == Stop(failed=failed, untouched=True)
    others = [has(SECOND, State.SUCCEEDED), has(THIRD, State.RUNNING), has(THIRD, State.FAILED)]
    assert all(
        choose_turn([failed, each], all_at_once=False) == Stop(failed=failed, untouched=False) for each in others
    )


def test_who_is_gone_or_never_worked_holds_up_nothing() -> None:
    gone, new = has(FIRST, State.FAILED, gone=True), has(FIRST, State.FAILED, works=False)
    for passed in (gone, new, replace(FIRST, gone=True)):
        assert choose_turn([passed, SECOND, THIRD], all_at_once=False) == Order(apps=[SECOND])
        assert isinstance(choose_turn([passed], all_at_once=False), Finish)


@given(st.integers(0, 6), st.integers(0, 2**32), st.booleans())
def test_whatever_happens_it_ends_and_no_app_is_tried_before_one_is_up(
    count: int, seed: int, all_at_once: bool
) -> None:
    chance = random.Random(seed)
    follows = {f"id-{n}": Follow(app_id=f"id-{n}", app=f"app-{n}") for n in range(count)}
    for _ in range(10 * count + 10):
        turn = choose_turn(list(follows.values()), all_at_once=all_at_once)
        match turn:
            case Order(apps=apps):
                assert apps
                tried = sum(each.release is not None for each in follows.values())
                up = any(each.state is State.SUCCEEDED for each in follows.values())
                passed = all(each.is_passed_over for each in follows.values() if each.release is not None)
                assert all_at_once or up or (len(apps) == 1 and (not tried or passed))
                assert all_at_once or not any(each.stops for each in follows.values())
                for each in apps:
                    follows[each.app_id] = has(each, State.QUEUED)
            case Wait(under_way=under_way):
                assert under_way
                for each in chance.sample(under_way, chance.randint(1, len(under_way))):
                    ends = [State.SUCCEEDED, State.SUCCEEDED, State.RUNNING, State.FAILED]
                    follows[each.app_id] = has(each, chance.choice(ends), gone=chance.random() < 0.1)
            case Stop(failed=failed):
                assert failed in follows.values()
                assert failed.stops
                assert not all_at_once or not any(each.waits for each in follows.values())
                return
            case Finish():
                assert all(each.state is State.SUCCEEDED or each.is_passed_over for each in follows.values())
                return
    # Running may be drawn again and again, and not for ever.
    assert any(each.is_under_way for each in follows.values())
