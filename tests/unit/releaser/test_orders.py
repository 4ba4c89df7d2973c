"""What orders become in the queues of their apps. Leaves out the SQL (tests/integration/releaser/test_queue.py)."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from paaskit.changes import Action
from paaskit.release_order import ReleasedChange
from services.releaser.domain import AppKey, Versions
from services.releaser.work.orders import Given, Line, Order, names_of, place

KEY, OTHER = AppKey(tenant="acme", app_id="a1"), AppKey(tenant="acme", app_id="a2")
LINE = Line(last_number=4, gone=False, targets=Versions(config=7, secrets=2))


def order(
    change_id: str = "c1", *, config: int | None = None, secrets: int | None = None, name: str = "", key: AppKey = KEY
) -> Order:
    changes = (ReleasedChange(name=name, action=Action.ADDED, secret=False, actor="user:ada"),) if name else ()
    return Order(
        key=key,
        app="web",
        change_id=change_id,
        actor="user:ada",
        description="Set A",
        versions=Versions(config=config, secrets=secrets),
        changes=changes,
    )


def known(number: int = 3, *, queued: bool, config: int | None = 7, secrets: int | None = None, part: int = 1) -> Given:
    return Given(number=number, part=part, queued=queued, versions=Versions(config=config, secrets=secrets))


def test_a_new_change_has_the_next_number_and_at_least_what_was_ordered_before() -> None:
    placed = place([order(config=8), order("c2", secrets=3), order("c3", config=6), order("c4")], {KEY: LINE}, {})
    assert placed.numbers == [5, 6, 7, 8]
    assert [each.versions for each in placed.queued] == [
        Versions(config=8, secrets=2),
        Versions(config=8, secrets=3),
        Versions(config=8, secrets=3),
        Versions(config=8, secrets=3),
    ]


def test_a_change_has_one_number_in_a_batch_as_over_time() -> None:
    placed = place([order(config=8), order(config=8)], {KEY: LINE}, {})
    assert (placed.numbers, len(placed.queued), placed.raised) == ([5, 5], 1, [])
    again = place([order(config=7)], {KEY: LINE}, {(KEY, "c1"): known(queued=False)})
    assert (again.numbers, again.queued, again.raised) == ([3], [], [])


def test_the_same_change_of_two_apps_is_two() -> None:
    lines = {KEY: LINE, OTHER: Line(last_number=0, gone=False, targets=Versions())}
    placed = place([order(config=8), order(config=1, key=OTHER)], lines, {})
    assert placed.numbers == [5, 1]
    assert placed.queued[1].versions == Versions(config=1)


def test_a_second_half_raises_a_release_that_waits() -> None:
    waiting = Given(number=3, part=1, queued=True, versions=Versions(config=7), changes=order(name="A").changes)
    placed = place([order(config=9, secrets=3, name="B")], {KEY: LINE}, {(KEY, "c1"): waiting})
    (raised,) = placed.raised
    assert (placed.numbers, placed.queued, raised.number) == ([3], [], 3)
    assert raised.versions == Versions(config=9, secrets=3)
    assert [change.name for change in raised.changes] == ["A", "B"]


def test_what_a_raised_release_has_those_behind_it_have_too() -> None:
    placed = place(
        [order(secrets=9), order("later", config=8)], {KEY: LINE}, {(KEY, "c1"): known(queued=True, secrets=2)}
    )
    assert placed.queued[0].versions == Versions(config=8, secrets=9)


def test_a_second_half_of_a_release_that_does_not_wait_has_one_of_its_own() -> None:
    placed = place([order(secrets=3)], {KEY: LINE}, {(KEY, "c1"): known(queued=False)})
    (queued,) = placed.queued
    assert (placed.numbers, queued.part, queued.versions) == ([5], 2, Versions(config=7, secrets=3))
    again = place([order(secrets=2)], {KEY: LINE}, {(KEY, "c1"): known(queued=False, secrets=2)})
    assert (again.numbers, again.queued) == ([3], []), "nor is what it has released again"


def test_a_second_half_that_a_later_release_has_is_released_all_the_same() -> None:
    """That one may fail, and is then taken back with all it has."""
    placed = place([order(secrets=2)], {KEY: LINE}, {(KEY, "c1"): known(queued=False)})
    (queued,) = placed.queued
    assert (placed.numbers, queued.part, queued.versions) == ([5], 2, LINE.targets)


def test_a_second_half_that_a_release_has_by_chance_is_named_in_it() -> None:
    """It was queued when something newer of the other service had been ordered already."""
    waiting = Given(
        number=3,
        part=1,
        queued=True,
        versions=LINE.targets,
        changes=order(name="A").changes,
        named=frozenset({("A", False)}),
    )
    placed = place([order(secrets=2, name="B")], {KEY: LINE}, {(KEY, "c1"): waiting})
    (raised,) = placed.raised
    assert [change.name for change in raised.changes] == ["A", "B"]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["c1", "c2"]), st.integers(1, 9)), max_size=9))
def test_every_change_has_releases_that_name_all_of_it_once(asked: list[tuple[str, str, int]]) -> None:
    """Whether a release still waits when the next order comes, or not; and an order that is repeated adds nothing."""
    line = LINE
    given_numbers: dict[tuple[AppKey, str], Given] = {}
    named: dict[str, list[str]] = {}
    for turn, (name, change_id, secrets) in enumerate([*asked, *asked]):
        placed = place([order(change_id, secrets=secrets, name=name)], {KEY: line}, given_numbers)
        earlier = given_numbers.get((KEY, change_id))
        for queued in placed.queued:
            named[change_id] = [*named.get(change_id, []), *(change.name for change in queued.order.changes)]
            given_numbers[KEY, change_id] = Given(
                number=queued.number,
                part=queued.part,
                queued=turn % 2 == 0,
                versions=queued.versions,
                changes=queued.order.changes,
                named=names_of(queued.order.changes) | (earlier.named if earlier else frozenset()),
            )
            line = replace(line, last_number=queued.number, targets=queued.versions)
        for raised in placed.raised:
            assert earlier is not None
            named[change_id] += [change.name for change in raised.changes[len(earlier.changes) :]]
            versions = earlier.versions.raised_to(raised.versions)
            all_named = earlier.named | names_of(raised.changes)
            given_numbers[KEY, change_id] = replace(earlier, versions=versions, changes=raised.changes, named=all_named)
            line = replace(line, targets=line.targets.raised_to(raised.versions))
        assert name in named[change_id]
        if turn >= len(asked):
            assert (placed.queued, placed.raised) == ([], [])


def test_orders_for_a_destroyed_app_end_at_once_and_once() -> None:
    gone = Line(last_number=4, gone=True, targets=Versions(config=7))
    placed = place([order(config=8), order(config=9)], {KEY: gone}, {})
    assert (placed.numbers, [each.gone for each in placed.queued], placed.raised) == ([5, 5], [True], [])


versions = st.one_of(st.none(), st.integers(1, 9))


@given(st.lists(st.tuples(st.sampled_from(["c1", "c2", "c3"]), versions, versions), max_size=12))
def test_whatever_was_ordered_is_in_the_newest_release(asked: list[tuple[str, int | None, int | None]]) -> None:
    """So the newest may take the place of all before it. Orders come in any order, any number of times."""
    orders = [order(change_id, config=config, secrets=secrets) for change_id, config, secrets in asked]
    placed = place(orders, {KEY: LINE}, {})
    kept = {each.number: each.versions for each in placed.queued}
    for raised in placed.raised:
        kept |= {number: has.raised_to(raised.versions) for number, has in kept.items() if number >= raised.number}
    assert sorted(kept) == list(range(5, 5 + len(kept)))
    for each, number in zip(orders, placed.numbers, strict=True):
        assert kept[number].cover(each.versions)
        assert kept[max(kept)].cover(each.versions)
