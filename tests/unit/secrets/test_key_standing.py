"""What may be done with a tenant's keys, given how they stand: pure rules."""

from datetime import UTC, datetime, timedelta

import pytest

from paaskit.audit import Actor
from paaskit.errors import InvalidInput, Refused
from services.secrets.keys.envelope import TenantKey
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys
from services.secrets.keys.wrapping import WrappedKey
from services.secrets.rotation.standing import (
    LOOK_EVERY,
    RETIRED_AFTER,
    Destroyed,
    Destruction,
    Generation,
    NewGeneration,
    Renewed,
    StaleKeyError,
    Standing,
    look_after_failure,
    next_look,
    refuse_unconfirmed,
    retirable,
    rewrap,
    rotate,
    shred,
    successor,
)
from services.secrets.rules.sealing import refuse_stale_keys
from services.secrets.rules.stored import App, Snapshot

NOW = datetime(2026, 5, 6, tzinfo=UTC)
ADA = Actor(tenant="acme", name="user:ada@example.com", client_address="203.0.113.9")
DESTROYED = Destruction(at=NOW)


def generation(number: int, *, versions: int = 0, age: timedelta = timedelta(), **more: object) -> Generation:
    return Generation(generation=number, created_at=NOW - age, versions=versions, **more)  # type: ignore[arg-type]


def standing(*generations: Generation, destruction: Destruction | None = None) -> Standing:
    return Standing(generations=generations, destruction=destruction)


def made(number: int) -> WrappedKey:
    return WrappedKey(number, b"wrapped", b"c" * 32)


UNDER_WAY = standing(generation(1, versions=4), generation(2, versions=6, older_versions=10))
OVER = standing(generation(1), generation(2, versions=10, older_versions=10, finished_at=NOW))


def test_how_far_a_rollout_is() -> None:
    assert (UNDER_WAY.older_versions, UNDER_WAY.sealed_anew, UNDER_WAY.is_sealing_anew) == (4, 6, True)
    assert (OVER.older_versions, OVER.sealed_anew, OVER.is_sealing_anew) == (0, 10, False)
    late = standing(generation(1, versions=11), generation(2, older_versions=10))
    assert late.sealed_anew == 0, "what came late is not less than nothing"
    assert not standing(generation(1, versions=3)).is_sealing_anew


@pytest.mark.parametrize(
    ("unreadable", "is_over"),
    [(0, False), (3, False), (4, True), (5, True)],
)
def test_a_rollout_is_over_once_nothing_is_left_but_what_does_not_open(unreadable: int, is_over: bool) -> None:
    assert UNDER_WAY.is_over(unreadable) == is_over


def test_it_is_over_once_and_again_only_where_that_is_news() -> None:
    assert not OVER.is_over(0)
    counted = standing(generation(1, versions=2), generation(2, finished_at=NOW, unreadable=3))
    assert counted.is_over(2)
    assert not standing(generation(1, versions=3), generation(2, finished_at=NOW, unreadable=3)).is_over(3)


def test_a_key_has_a_successor_unless_there_is_none_or_one_under_way_or_they_are_destroyed() -> None:
    assert successor(standing(generation(1, versions=5))) == 2
    assert successor(OVER) == 3
    for wrong, reason in (
        (standing(), "NO_KEYS"),
        (UNDER_WAY, "ROTATION_UNDER_WAY"),
        (standing(generation(1), destruction=DESTROYED), "KEYS_DESTROYED"),
    ):
        with pytest.raises(Refused) as refused:
            successor(wrong)
        assert refused.value.reason == reason


def test_a_rotation_counts_everything_and_is_recorded() -> None:
    before = standing(generation(1, versions=2), generation(2, versions=5, finished_at=NOW, unreadable=2))
    decision = rotate(before, made(3), ADA, request_id="a-request")
    assert decision.answer == {"generation": 3, "older_versions": 7}
    assert decision.rows == NewGeneration(made(3), 7)
    (event,) = decision.events
    assert (event.action, event.version, event.request_id, event.targets) == ("keys.rotate", 3, "a-request", ())


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_key_that_is_no_successor_any_more_is_thrown_away(number: int) -> None:
    with pytest.raises(StaleKeyError):
        rotate(OVER, made(number), ADA, request_id="a-request")


@pytest.mark.parametrize("confirm", ["", "Acme", "acme ", " acme", "acme\0", "acm", "globex"])
def test_a_tenant_is_named_exactly_or_nothing_is_destroyed(confirm: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse_unconfirmed("acme", confirm)
    assert refused.value.reason == "NOT_CONFIRMED"
    refuse_unconfirmed("acme", "acme")


def test_destroying_is_recorded_once() -> None:
    decision = shred(UNDER_WAY, ADA, request_id="a-request")
    assert decision.rows == Destroyed()
    assert [(event.action, event.version) for event in decision.events] == [("keys.shred", 2)]
    again = shred(standing(generation(1), destruction=DESTROYED), ADA, request_id="another")
    assert (again.rows, again.events) == (None, ())
    with pytest.raises(Refused):
        shred(standing(), ADA, request_id="a-request")


def test_what_was_wrapped_anew_replaces_what_it_was_made_from_alone() -> None:
    renewed = Renewed(made(2), WrappedKey(2, b"anew", b"c" * 32))
    decision = rewrap(b"wrapped", renewed, Actor(tenant="acme", name="service:secrets"))
    assert decision.rows == renewed.after
    assert [(event.action, event.actor, event.version) for event in decision.events] == [
        ("keys.rewrap", "service:secrets", 2)
    ]
    for stored in (b"other", None):
        decision = rewrap(stored, renewed, ADA)
        assert (decision.rows, decision.events) == (None, ())


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (generation(1), generation(2, age=RETIRED_AFTER), [1]),
        (generation(1), generation(2, age=RETIRED_AFTER - timedelta(seconds=1)), []),
        (generation(1, versions=1), generation(2, age=RETIRED_AFTER), []),
        (generation(1, retired_at=NOW), generation(2, age=RETIRED_AFTER), []),
        (generation(1, age=3 * RETIRED_AFTER), generation(2), []),
    ],
)
def test_a_key_is_retired_that_nothing_needs(first: Generation, second: Generation, expected: list[int]) -> None:
    assert retirable(standing(first, second), NOW) == expected


def test_a_key_is_looked_after_as_often_as_something_can_happen_to_it() -> None:
    assert next_look(standing(), NOW) is None
    assert next_look(standing(generation(1)), NOW) == NOW + LOOK_EVERY
    assert next_look(OVER, NOW) == NOW + timedelta(minutes=1), "values may come late"
    assert next_look(UNDER_WAY, NOW) == NOW + timedelta(seconds=1), "somebody has locked what is left"
    retired = standing(generation(1, retired_at=NOW), generation(2, finished_at=NOW))
    assert next_look(retired, NOW) == NOW + LOOK_EVERY
    waiting = standing(generation(1), destruction=DESTROYED)
    assert next_look(waiting, NOW) == look_after_failure(NOW) <= NOW + timedelta(seconds=10)
    for later, pause in ((timedelta(minutes=9), timedelta(minutes=9)), (timedelta(days=9), LOOK_EVERY)):
        assert next_look(waiting, NOW + later) == NOW + later + pause
    assert next_look(standing(generation(1), destruction=Destruction(at=NOW, kms_at=NOW)), NOW) is None


def test_keys_that_are_not_the_newest_seal_nothing() -> None:
    """Neither an older one after a rotation, nor one that is stored nowhere after the database was put back."""
    keys = TenantKeys("acme", {1: TenantKey(1, b"a" * 32), 2: TenantKey(2, b"b" * 32)})
    app = App(app_id="a1", name="web")
    refuse_stale_keys(Snapshot(app=app, newest_key=2), keys)
    for newest in (0, 1, 3):
        with pytest.raises(GenerationMissingError):
            refuse_stale_keys(Snapshot(app=app, newest_key=newest), keys)
    with pytest.raises(Refused) as refused:
        refuse_stale_keys(Snapshot(app=app, newest_key=2, keys_destroyed=True), keys)
    assert refused.value.reason == "KEYS_DESTROYED"
