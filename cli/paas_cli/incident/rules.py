"""What follows from the facts: which values got out, what is to be done about each, and whether it is done.

Pure: no calls, no clock, no words of a terminal. Where it can't be told whether something is done, it is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from paas_cli.incident.facts import Facts, Moment, Released, Secret, Times, Token

GET, RUN = "secrets.get", "secrets.run"
READS = (GET, RUN)
_BY_ADDONS = ("addons.attach", "addons.detach")
_UNSET = ("secrets.unset", "addons.detach")
# A value that comes about so is one that was given then, by an add-on for what it manages.
_SET = ("secrets.set", "secrets.rotate", "secrets.release", "secrets.unset", *_BY_ADDONS)
# And so one comes back that there was before.
_BROUGHT_BACK = ("secrets.revert", "secrets.restore")
_STAGED = "secrets.stage"
VALUE_CHANGES = (*_SET, *_BROUGHT_BACK, _STAGED)
# Who does this knows the value: it is in the request.
_KNOWN_BY_SETTING = ("secrets.set", "secrets.rotate", _STAGED)
REVEAL = "secrets.reveal"
# Who may do this can have a program of theirs run with all of an app's values.
RUNS_PROGRAMS = "apps.write"
RUNS_ANOTHER_PROGRAM = ("apps.create", "apps.update", "apps.release")


class State(StrEnum):
    """How a step stands. What nobody could tell is not done."""

    DONE = "done"
    OPEN = "open"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What a step is."""

    REVOKE = "revoke"
    ROTATE = "rotate"
    RELEASE = "release"
    UNTRUST = "untrust"


class Reason(StrEnum):
    """Why a step stands as it does."""

    ENDED = "ended"
    LIVES = "lives"
    NOT_TOLD = "not told"
    STILL_CURRENT = "still current"
    SET_BY_SUSPECT = "set by suspect"
    MANAGED = "managed"
    BROUGHT_BACK = "brought back"
    CHANGED = "changed"
    UNSET = "unset"
    APP_DESTROYED = "app destroyed"
    RELEASED = "released"
    NOT_RELEASED = "not released"
    ROTATE_FIRST = "rotate first"
    NO_SUCH_TRUST = "no such trust"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do. `app` and `name` say about what; `at` since when it is done; `version` of what it is about."""

    kind: Kind
    state: State
    reason: Reason
    name: str
    app: str = ""
    token_id: str = ""
    at: Moment | None = None
    version: int = 0
    previous_until: Moment | None = None


def known_since(facts: Facts) -> dict[Secret, Moment]:
    """Return the secrets whose value got out, and when that value was last seen: read, or set by a suspect."""
    known = {secret: times.last_at for secret, times in facts.read.items()}
    for secret, by_action in facts.own.items():
        for action in _KNOWN_BY_SETTING:
            if action in by_action:
                known[secret] = max(known.get(secret, 0), by_action[action].last_at)
    return known


def steps(facts: Facts) -> list[Step]:
    """Return the checklist, in the order in which it is best done: close the door, then change the locks."""
    rotations = [_rotation(facts, secret, since) for secret, since in sorted(known_since(facts).items())]
    return [
        *(_revocation(token) for token in (*facts.tokens, *facts.planted_tokens)),
        *(_untrust(facts, index) for index in range(len(facts.trusts))),
        *rotations,
        *_releases(facts, rotations),
    ]


def are_done(found: Sequence[Step]) -> bool:
    """Whether nothing is left to do, as far as steps tell."""
    return all(step.state is State.DONE for step in found)


def could_reveal(token: Token) -> bool:
    """Whether a token was given the right to read values. What it may do now may be less."""
    return REVEAL in token.granted


def not_read(facts: Facts) -> dict[str, list[str]]:
    """Return the secrets there are that could have been read and were not, by app."""
    read: dict[str, set[str]] = {}
    for secret in facts.read:
        read.setdefault(secret.app, set()).add(secret.name)
    return {
        app: left
        for app, names in sorted(facts.reachable.items())
        if (left := [name for name in names if name not in read.get(app, ())])
    }


def _revocation(token: Token) -> Step:
    if not token.is_known:
        state, reason = State.UNKNOWN, Reason.NOT_TOLD
    elif token.is_living:
        state, reason = State.OPEN, Reason.LIVES
    else:
        state, reason = State.DONE, Reason.ENDED
    return Step(
        kind=Kind.REVOKE, state=state, reason=reason, name=token.name, token_id=token.token_id, at=token.ended_at
    )


def _untrust(facts: Facts, index: int) -> Step:
    trust = facts.trusts[index]
    if trust.is_living is None:
        return Step(kind=Kind.UNTRUST, state=State.UNKNOWN, reason=Reason.NOT_TOLD, name=trust.name)
    if trust.is_living:
        return Step(kind=Kind.UNTRUST, state=State.OPEN, reason=Reason.LIVES, name=trust.name)
    return Step(kind=Kind.UNTRUST, state=State.DONE, reason=Reason.NO_SUCH_TRUST, name=trust.name)


def _rotation(facts: Facts, secret: Secret, since: Moment) -> Step:
    """Say whether somebody else gave a secret a new value after it was last known, that is not gone again."""
    state, reason, change = _value(facts, secret, since)
    listed = facts.secrets.get(secret.app)
    now = (listed or {}).get(secret.name)
    if reason is Reason.STILL_CURRENT and listed is not None and now is None:
        reason = Reason.MANAGED  # it was read, is not gone, and is no secret: only an add-on gives it a new value
    return Step(
        kind=Kind.ROTATE,
        state=state,
        reason=reason,
        app=secret.app,
        name=secret.name,
        at=change.last_at if change is not None and state is State.DONE else None,
        version=change.version if change is not None and state is State.DONE else 0,
        previous_until=now.previous_until if now is not None else None,
    )


def _value(facts: Facts, secret: Secret, since: Moment) -> tuple[State, Reason, Times | None]:
    destroyed = facts.destroyed.get(secret.app_id) if secret.app_id else None
    if destroyed is not None and destroyed > since:
        return State.DONE, Reason.APP_DESTROYED, Times(count=1, first_at=destroyed, last_at=destroyed)
    everybodys, own = facts.changes.get(secret, {}), facts.own.get(secret, {})
    action = _latest(everybodys, _SET)
    change = everybodys[action] if action else None
    if change is None or change.last_at <= since:
        # What was known is what was set by a suspect, and nothing else came after it.
        is_own = any(own[each].last_at >= since for each in _KNOWN_BY_SETTING if each in own)
        return State.OPEN, Reason.SET_BY_SUSPECT if is_own else Reason.STILL_CURRENT, None
    by_suspect = _latest(own, _SET)
    if by_suspect and own[by_suspect].last_at >= change.last_at:
        return State.OPEN, Reason.SET_BY_SUSPECT, None
    # Who staged a value that somebody else then released knows it.
    if action == "secrets.release" and _STAGED in own:
        return State.OPEN, Reason.SET_BY_SUSPECT, None
    back = _latest(everybodys, _BROUGHT_BACK)
    if back and everybodys[back].last_at >= change.last_at:
        return State.OPEN, Reason.BROUGHT_BACK, None
    if action in _BY_ADDONS:
        change = replace(change, version=0)  # it is one of config's
    return State.DONE, Reason.UNSET if action in _UNSET else Reason.CHANGED, change


def _latest(by_action: Mapping[str, Times], actions: Sequence[str]) -> str:
    """Return the action that happened last, of several; empty where none did."""
    return max((each for each in actions if each in by_action), key=lambda each: by_action[each].last_at, default="")


def _releases(facts: Facts, rotations: Sequence[Step]) -> Iterator[Step]:
    """Say of each app whether what runs has all the new values."""
    apps: dict[str, list[Step]] = {}
    for step in rotations:
        if step.reason is not Reason.APP_DESTROYED:
            apps.setdefault(step.app, []).append(step)
    for app, of_app in apps.items():
        wanted = max(step.version for step in of_app)
        left = sum(step.state is not State.DONE for step in of_app)
        yield _release(app, facts.released.get(app), wanted=wanted, is_rotated=not left)


def _release(app: str, released: Released | None, *, wanted: int, is_rotated: bool) -> Step:
    if not is_rotated:
        state, reason = State.OPEN, Reason.ROTATE_FIRST
    elif released is None:
        state, reason = State.UNKNOWN, Reason.NOT_TOLD
    elif released.number and released.secrets_version >= wanted:
        state, reason = State.DONE, Reason.RELEASED
    else:
        state, reason = State.OPEN, Reason.NOT_RELEASED
    version = released.number if released is not None and state is State.DONE else 0
    return Step(kind=Kind.RELEASE, state=state, reason=reason, app=app, name="", version=version)
