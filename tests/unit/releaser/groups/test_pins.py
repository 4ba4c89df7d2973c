"""Which versions of a shared group a release is given, whatever there is of it. Leaves out the SQL."""

from hypothesis import given
from hypothesis import strategies as st

from services.releaser.domain import GroupRef, Kind, Versions
from services.releaser.work.groups.pins import Found, UnderWay, joins, pin_of

GROUP = GroupRef(group_id="g1", name="shared")
a_version = st.none() | st.integers(1, 9)
versions = st.builds(Versions, config=a_version, secrets=a_version)
under_way = st.builds(
    UnderWay, number=st.integers(1, 9), kind=st.sampled_from(Kind), versions=versions, done=st.booleans()
)
found = st.builds(
    Found, group=st.just(GROUP), kept=versions, ordered=versions, good=versions, under_way=st.none() | under_way
)


def at(version: int) -> Versions:
    return Versions(config=version)


def going(version: int, *, kind: Kind = Kind.CHANGE, done: bool = False) -> UnderWay:
    return UnderWay(number=3, kind=kind, versions=at(version), done=done)


def test_a_group_that_never_was_released_gives_nothing() -> None:
    pin = pin_of(Found(group=GROUP, under_way=going(2)))
    assert pin.versions == Versions()


@given(found)
def test_a_release_goes_back_behind_nothing_and_tries_nothing(of: Found) -> None:
    pin = pin_of(of)
    assert pin.group == GROUP
    known = [of.kept, of.ordered, of.good]
    if of.under_way is not None and (of.under_way.done or of.under_way.kind is Kind.REVERT):
        known.append(of.under_way.versions)
    assert all(pin.versions.cover(each) for each in known)
    assert pin.versions.config in {each.config for each in known}
    assert pin.versions.secrets in {each.secrets for each in known}


@given(found)
def test_no_app_is_left_behind(of: Found) -> None:
    """It has what goes out now, or joins."""
    pin = pin_of(of)
    if of.under_way is None or of.under_way.done:
        assert not joins(of, pin)
        return
    has_it = of.under_way.versions.config is not None and pin.versions.cover(of.under_way.versions)
    assert joins(of, pin) != has_it


def test_what_goes_out_is_waited_for_and_counts_once_every_app_has_it() -> None:
    behind = Found(group=GROUP, good=at(1), under_way=going(2))
    assert (pin_of(behind).versions, joins(behind, pin_of(behind))) == (at(1), True)
    after = Found(group=GROUP, good=at(1), under_way=going(2, done=True))
    assert (pin_of(after).versions, joins(after, pin_of(after))) == (at(2), False)
    ordered = Found(group=GROUP, good=at(1), ordered=at(2), under_way=going(2))
    assert (pin_of(ordered).versions, joins(ordered, pin_of(ordered))) == (at(2), False)


def test_what_is_taken_back_has_proved_itself_and_is_given_at_once() -> None:
    with_it = Found(group=GROUP, kept=at(2), good=at(1), under_way=going(3, kind=Kind.REVERT))
    assert (pin_of(with_it).versions, joins(with_it, pin_of(with_it))) == (at(3), False)
