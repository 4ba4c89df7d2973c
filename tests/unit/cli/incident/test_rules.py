"""What follows from what is known: which values got out, and when a step is done.

Leaves out how it is found out (test_command.py) and a whole drill (tests/e2e/test_incident.py).
"""

from dataclasses import replace

import pytest

from paas_cli.incident import rules
from paas_cli.incident.facts import Asked, Facts, Now, Released, Secret, Times, Token, Trust
from paas_cli.incident.rules import Kind, Reason, State, Step

KEY = Secret("web", "KEY", "a1")
_READ_AT = 100


def times(at: int, *, version: int = 0) -> Times:
    """One event."""
    return Times(count=1, first_at=at, last_at=at, version=version)


def token(*, ended_at: int | None = None, **more: object) -> Token:
    """A token that could read everything."""
    known: dict[str, object] = {"granted": ("secrets.reveal",), **more}
    return Token(token_id="t1", name="ci", ended_at=ended_at, **known)  # type: ignore[arg-type]


def facts(**more: object) -> Facts:
    """A token that read a secret, and nothing was done about it."""
    known: dict[str, object] = {"tokens": [token()], "read": {KEY: times(_READ_AT)}, "released": {"web": Released()}}
    return Facts(asked=Asked.TOKEN, label="ci", now=1000, **{**known, **more})  # type: ignore[arg-type]


def rotation(known: Facts) -> Step:
    """The one step about a value."""
    (step,) = [step for step in rules.steps(known) if step.kind is Kind.ROTATE]
    return step


def release(known: Facts) -> Step:
    """The one step about a release."""
    (step,) = [step for step in rules.steps(known) if step.kind is Kind.RELEASE]
    return step


def test_what_an_add_on_manages_is_its_to_replace() -> None:
    listed = facts(secrets={"web": {"OTHER": Now(version=1)}})
    assert rotation(listed).reason is Reason.MANAGED
    assert rotation(replace(listed, secrets={"web": {"KEY": Now(version=1)}})).reason is Reason.STILL_CURRENT
    assert rotation(replace(listed, secrets={"web": None})).reason is Reason.STILL_CURRENT
    for action, reason in (("addons.attach", Reason.CHANGED), ("addons.detach", Reason.UNSET)):
        step = rotation(replace(listed, changes={KEY: {action: times(101, version=9)}}))
        assert (step.state, step.reason, step.version) == (State.DONE, reason, 0), "the version is config's"
        assert rotation(replace(listed, changes={KEY: {action: times(99)}})).reason is Reason.MANAGED


@pytest.mark.parametrize(
    ("changes", "own", "state", "reason"),
    [
        ({}, {}, State.OPEN, Reason.STILL_CURRENT),
        ({"secrets.set": 99}, {}, State.OPEN, Reason.STILL_CURRENT),
        ({"secrets.set": 100}, {}, State.OPEN, Reason.STILL_CURRENT),
        ({"secrets.set": 101}, {}, State.DONE, Reason.CHANGED),
        ({"secrets.rotate": 101}, {}, State.DONE, Reason.CHANGED),
        ({"secrets.release": 101}, {}, State.DONE, Reason.CHANGED),
        ({"secrets.unset": 101}, {}, State.DONE, Reason.UNSET),
        ({"secrets.stage": 101}, {}, State.OPEN, Reason.STILL_CURRENT),
        # What a rollback or a failed release brought back is no new value.
        ({"secrets.revert": 102}, {}, State.OPEN, Reason.STILL_CURRENT),
        ({"secrets.rotate": 101, "secrets.revert": 102}, {}, State.OPEN, Reason.BROUGHT_BACK),
        ({"secrets.rotate": 101, "secrets.restore": 101}, {}, State.OPEN, Reason.BROUGHT_BACK),
        ({"secrets.rotate": 103, "secrets.revert": 102}, {}, State.DONE, Reason.CHANGED),
        # Whoever set a value knows it, and so does who staged one that another released.
        ({"secrets.set": 101}, {"secrets.set": 101}, State.OPEN, Reason.SET_BY_SUSPECT),
        ({"secrets.set": 101, "secrets.rotate": 102}, {"secrets.set": 101}, State.DONE, Reason.CHANGED),
        ({"secrets.unset": 102}, {"secrets.unset": 102}, State.OPEN, Reason.SET_BY_SUSPECT),
        ({"secrets.release": 102}, {"secrets.stage": 101}, State.OPEN, Reason.SET_BY_SUSPECT),
        ({"secrets.release": 102, "secrets.rotate": 103}, {"secrets.stage": 101}, State.DONE, Reason.CHANGED),
    ],
)
def test_a_value_is_new_once_somebody_else_gave_it(
    changes: dict[str, int], own: dict[str, int], state: State, reason: Reason
) -> None:
    known = facts(
        changes={KEY: {action: times(at) for action, at in changes.items()}},
        own={KEY: {action: times(at) for action, at in own.items()}},
    )
    step = rotation(known)
    assert (step.state, step.reason) == (state, reason)
    assert (step.at is not None) == (state is State.DONE)


def test_a_value_that_was_read_again_is_to_be_changed_again() -> None:
    known = facts(changes={KEY: {"secrets.rotate": times(101)}})
    assert rotation(known).state is State.DONE
    assert rotation(replace(known, read={KEY: times(102)})).state is State.OPEN


def test_what_was_set_with_a_token_is_known_to_who_has_it() -> None:
    planted = Secret("web", "PLANTED", "a1")
    known = facts(read={}, own={planted: {"secrets.set": times(50)}}, changes={planted: {"secrets.set": times(50)}})
    step = rotation(known)
    assert (step.name, step.state, step.reason) == ("PLANTED", State.OPEN, Reason.SET_BY_SUSPECT)
    known = replace(known, changes={planted: {"secrets.set": times(60)}})
    assert rotation(known).state is State.DONE


def test_an_app_that_is_gone_has_nothing_to_rotate_and_its_namesake_does() -> None:
    known = facts(destroyed={"a1": 101})
    assert rotation(known).reason is Reason.APP_DESTROYED
    assert [step.kind for step in rules.steps(known)] == [Kind.REVOKE, Kind.ROTATE]
    assert rotation(facts(destroyed={"a1": 99})).state is State.OPEN
    assert rotation(facts(destroyed={"a2": 101})).state is State.OPEN


@pytest.mark.parametrize(
    ("released", "state"),
    [
        (None, State.UNKNOWN),
        (Released(), State.OPEN),
        (Released(number=3, secrets_version=6), State.OPEN),
        (Released(number=4, secrets_version=7), State.DONE),
        (Released(number=5, secrets_version=8), State.DONE),
    ],
)
def test_a_release_is_done_that_succeeded_with_every_new_value(released: Released | None, state: State) -> None:
    other = Secret("web", "OTHER", "a1")
    known = facts(
        read={KEY: times(100), other: times(100)},
        changes={KEY: {"secrets.rotate": times(101, version=5)}, other: {"secrets.rotate": times(102, version=7)}},
        released={} if released is None else {"web": released},
    )
    assert release(known).state is state
    half = replace(known, changes={KEY: known.changes[KEY]})
    assert (release(half).state, release(half).reason) == (State.OPEN, Reason.ROTATE_FIRST)


def test_tokens_and_trusts_that_live_are_to_be_ended() -> None:
    known = facts(
        read={},
        tokens=[token(), token(ended_at=5), token(is_known=False)],
        planted_tokens=[token()],
        trusts=[Trust(name="a", is_living=True), Trust(name="b", is_living=False), Trust(name="c", is_living=None)],
    )
    states = [step.state for step in rules.steps(known)]
    assert states == [State.OPEN, State.DONE, State.UNKNOWN, State.OPEN, State.OPEN, State.DONE, State.UNKNOWN]


def test_all_is_done_once_nothing_is_left_and_nothing_unknown() -> None:
    done = facts(
        tokens=[token(ended_at=101)],
        changes={KEY: {"secrets.rotate": times(102, version=2)}},
        released={"web": Released(number=2, secrets_version=2)},
    )
    assert rules.are_done(rules.steps(done))
    for worse in (
        replace(done, tokens=[token()]),
        replace(done, tokens=[token(is_known=False)]),
        replace(done, released={}),
        replace(done, changes={}),
    ):
        assert not rules.are_done(rules.steps(worse))


def test_what_could_have_been_read_is_what_there_is_and_was_not() -> None:
    known = facts(reachable={"web": ["KEY", "OTHER"], "api": ["KEY"], "bare": []})
    assert rules.not_read(known) == {"api": ["KEY"], "web": ["OTHER"]}
    assert rules.could_reveal(token())
    assert not rules.could_reveal(token(granted=("secrets.write",)))


def test_a_value_before_that_is_still_given_is_told_with_its_step() -> None:
    known = facts(
        changes={KEY: {"secrets.rotate": times(101)}}, secrets={"web": {"KEY": Now(version=2, previous_until=500)}}
    )
    assert rotation(known).previous_until == 500
    assert rotation(replace(known, secrets={"web": None})).previous_until is None
