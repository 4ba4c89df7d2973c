"""What holds between groups and the apps that have them: names in common, limits over all, names in use.

Pure rules; what of it a server does is in tests/integration/config/groups.
"""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paaskit.errors import LimitExceeded, NotFound, Refused
from paaskit.variables import MAX_NAMES, MAX_TOTAL_BYTES
from services.config.domain import App, AppSpec, Entry, GroupRef, Kind, Shared, Sight, Snapshot, Totals, Use
from services.config.rules.groups import given_of, used
from services.config.rules.sharing import Step, check_step, given_by, refuse_given, refuse_used, told
from tests.unit.config.builders import NOW, entry

_SHARED = GroupRef(group_id="g1", name="shared")
_BILLING = GroupRef(group_id="g2", name="billing")


def _use(app: str = "web", *, own: Mapping[str, Kind] = {}, groups: tuple[GroupRef, ...] = (_SHARED,)) -> Use:
    return Use(app_id=f"id-{app}", app=app, names=len(own), size=10 * len(own), groups=groups, own=own)


def _held(**names: int) -> dict[str, Entry]:
    return {name: entry(name, size=size) for name, size in names.items()}


def _group(*uses: Use, held: Mapping[str, Mapping[str, Entry]], sight: Sight = Sight()) -> Snapshot:  # noqa: B008  # frozen
    """The group `shared` as a change finds it."""
    return _snapshot("shared", "g1", is_group=True, shared=Shared(uses=uses, held=held, sight=sight))


def _app(use: Use, *, held: Mapping[str, Mapping[str, Entry]], sight: Sight = Sight()) -> Snapshot:  # noqa: B008  # frozen
    return _snapshot(use.app, use.app_id, is_group=False, shared=Shared(uses=[use], held=held, sight=sight))


def _snapshot(name: str, app_id: str, *, is_group: bool, shared: Shared | None) -> Snapshot:
    app = App(
        app_id=app_id,
        name=name,
        version=1,
        totals=Totals(names=0, size=0, next_position=1),
        created_at=NOW,
        is_group=is_group,
        has_groups=not is_group,
    )
    return Snapshot(app=app, shared=shared)


def _step(
    gains: Mapping[str, int] = {},
    *,
    loses: tuple[str, ...] = (),
    names: int = 0,
    size: int = 0,
    groups: tuple[GroupRef, ...] | None = None,
) -> Step:
    return Step(gains=gains, loses=loses, names=names, size=size, groups=groups)


def test_without_groups_there_is_nothing_to_check() -> None:
    found = _snapshot("web", "a", is_group=False, shared=None)
    check_step(found, _step({"A": MAX_TOTAL_BYTES * 2}, names=MAX_NAMES * 2))


def test_a_name_that_another_group_of_an_app_has_is_refused_by_name() -> None:
    found = _group(_use(groups=(_SHARED, _BILLING)), held={"g1": _held(OLD=1), "g2": _held(A=1, OLD=1)})
    with pytest.raises(Refused, match="A: web has the group billing as well") as refused:
        check_step(found, _step({"A": 1, "B": 1}))
    assert refused.value.reason == "GROUP_NAME_COLLIDES"
    check_step(found, _step({"OLD": 2, "B": 1}))  # a collision that is there already is no new one


def test_what_is_out_of_sight_is_told_of_without_its_name() -> None:
    held = {"g1": _held(), "g2": _held(A=1)}
    found = _group(_use(groups=(_SHARED, _BILLING)), held=held, sight=Sight(app_ids=frozenset({"g1"})))
    with pytest.raises(Refused) as refused:
        check_step(found, _step({"A": 1}))
    assert "web" not in refused.value.message
    assert "billing" not in refused.value.message


def test_attaching_is_refused_for_names_in_common_and_only_for_these() -> None:
    found = _app(_use(own={"B": Kind.CONFIG}), held={"g1": _held(A=1, B=1), "g2": _held(A=1, B=1, C=1)})
    with pytest.raises(Refused, match="A, B: in shared and in billing"):
        check_step(found, _step(groups=(_SHARED, _BILLING)))
    check_step(found, _step(groups=()))
    check_step(found, _step({"D": 1}))


def test_secrets_in_common_are_counted_for_who_may_not_list_them() -> None:
    secret = {name: entry(name, kind=Kind.SECRET) for name in ("S", "T")}
    held = {"g1": {**_held(A=1), **secret}, "g2": {**_held(A=1), "S": entry("S"), "T": secret["T"]}}
    with pytest.raises(Refused, match="A and 2 more: in shared"):
        check_step(_app(_use(), held=held, sight=Sight(secrets=False)), _step(groups=(_SHARED, _BILLING)))
    with pytest.raises(Refused, match="A, S, T: in shared"):
        check_step(_app(_use(), held=held), _step(groups=(_SHARED, _BILLING)))


@pytest.mark.parametrize(("own", "fits"), [(MAX_NAMES - 2, True), (MAX_NAMES - 1, False)])
def test_an_apps_names_count_with_those_of_its_groups(own: int, *, fits: bool) -> None:
    use = _use(own={"HIDDEN": Kind.CONFIG})
    found = _app(use, held={"g1": _held(A=1, B=1, HIDDEN=1)})
    step = _step({"NEW": 1}, names=own)
    if fits:
        check_step(found, step)
    else:
        with pytest.raises(LimitExceeded, match=f"web would have {MAX_NAMES + 1} variables"):
            check_step(found, step)


def test_an_own_value_takes_the_place_of_the_groups() -> None:
    found = _app(_use(), held={"g1": _held(A=MAX_TOTAL_BYTES, B=1)})
    check_step(found, _step({"A": 1}, names=1, size=1))
    with pytest.raises(LimitExceeded, match="KiB"):
        check_step(found, _step({"C": 1}, names=1, size=1))


def test_what_only_removes_is_never_refused_for_a_limit() -> None:
    check_step(_app(_use(), held={"g1": _held(A=MAX_TOTAL_BYTES * 2)}), _step(loses=("X",), names=1))
    group = _group(_use(own={"A": Kind.CONFIG}), held={"g1": _held(A=MAX_TOTAL_BYTES * 2)})
    check_step(group, _step(loses=("A",)))


def test_a_group_grows_as_far_as_the_fullest_of_its_apps() -> None:
    full = Use(app_id="id-full", app="full", names=MAX_NAMES - 1, size=0, groups=(_SHARED,), own={"OWN": Kind.CONFIG})
    found = _group(_use(), full, held={"g1": _held(A=1)})
    check_step(found, _step({"A": 2, "OWN": 1}))
    with pytest.raises(LimitExceeded, match="full would have 501 variables"):
        check_step(found, _step({"NEW": 1}))
    hidden = _group(full, held={"g1": _held(A=1)}, sight=Sight(app_ids=frozenset({"g1"})))
    with pytest.raises(LimitExceeded, match="An app that has shared would have 501"):
        check_step(hidden, _step({"NEW": 1}))


def test_a_name_in_use_is_refused_and_a_hidden_one_is_not() -> None:
    uses = [_use("api", own={"A": Kind.SECRET}), _use("web"), _use("worker")]
    found = _group(*uses, held={"g1": {**_held(A=1, B=1), "KEY": entry("KEY", kind=Kind.SECRET)}})
    with pytest.raises(Refused, match="A: from shared in web, worker") as refused:
        refuse_used(found, ["A", "ABSENT"])
    assert refused.value.reason == "GROUP_NAME_IN_USE"
    assert "`paas config:set A=VALUE -a web`" in refused.value.message
    with pytest.raises(Refused, match=r"`paas secrets:set KEY -a api`"):
        refuse_used(found, ["KEY"])
    refuse_used(found, ["ABSENT"])
    refuse_used(_group(uses[0], held=found.shared.held if found.shared else {}), ["A"])


def test_what_goes_back_may_take_names_that_are_in_use() -> None:
    found = _group(_use(), held={"g1": _held(A=1)})
    with pytest.raises(Refused):
        check_step(found, _step(loses=("A",)))
    check_step(found, _step(loses=("A",)), goes_back=True)


def test_a_name_of_a_group_alone_is_named_where_it_can_be_unset() -> None:
    found = _app(_use(), held={"g1": _held(A=1)})
    with pytest.raises(NotFound, match=r"`paas config:unset A -a shared`"):
        refuse_given(found, ["A", "B"])
    refuse_given(found, ["B"])
    refuse_given(_app(_use(), held={"g1": _held(A=1)}, sight=Sight(app_ids=frozenset({"id-web"}))), ["A"])


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (None, "a, b, c"),
        ({"id-b"}, "b and 2 more"),
        (set(), "3 apps that you may not see"),
    ],
)
def test_apps_are_told_as_far_as_they_may_be_seen(seen: set[str] | None, said: str) -> None:
    uses = [_use(name) for name in ("a", "b", "c")]
    assert told(uses, Sight(app_ids=None if seen is None else frozenset(seen))) == said
    many = [_use(f"app-{index}") for index in range(11)]
    assert told(many, Sight()).endswith("app-7 and 3 more")


def test_own_names_are_told_apart_from_secrets() -> None:
    use = _use(own={"A": Kind.CONFIG, "B": Kind.SECRET, "KEY": Kind.CONFIG})
    held = {"g1": {**_held(A=1, B=1, C=1), "KEY": entry("KEY", kind=Kind.SECRET)}}
    seeing = Shared(uses=[use], held=held)
    assert used(seeing, "g1")[0].own_names == ["A", "B", "KEY"]
    given = given_of(seeing, use, _SHARED)
    assert ([each.name for each in given.entries], given.own_names) == (["C"], ["A", "B", "KEY"])
    blind = Shared(uses=[use], held=held, sight=Sight(secrets=False))
    assert used(blind, "g1")[0].own_names == given_of(blind, use, _SHARED).own_names == ["A"]


_NAMES = st.sets(st.sampled_from("ABCDEF"))


@given(own=_NAMES, groups=st.lists(_NAMES, max_size=4))
def test_what_is_given_is_what_is_not_own_from_the_first_that_has_it(own: set[str], groups: list[set[str]]) -> None:
    held = [_held(**dict.fromkeys(names, 1)) for names in groups]
    given_entries = given_by(own, held)
    assert given_entries.keys() == set().union(*groups) - own
    for name, each in given_entries.items():
        assert each is next(entries[name] for entries in held if name in entries)


def test_a_spec_with_other_groups_is_another_spec() -> None:
    assert AppSpec(groups=(_SHARED,)) != AppSpec()
