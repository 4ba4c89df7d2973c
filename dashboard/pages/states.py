"""How an app or a release is, in a word and a sentence, from what releaser says of it."""

from dataclasses import dataclass
from typing import Final

from paas.releaser.v1 import releaser_pb2
from paas.releaser.v1.releaser_pb2 import Instance, ListInstancesResponse, Release


@dataclass(frozen=True, kw_only=True)
class State:
    """`kind` chooses a colour: good, busy, bad or quiet. `word` stands for itself without it."""

    kind: str
    word: str
    sentence: str = ""


_RELEASES: Final = {
    releaser_pb2.STATE_QUEUED: State(kind="busy", word="queued"),
    releaser_pb2.STATE_RUNNING: State(kind="busy", word="rolling out"),
    releaser_pb2.STATE_SUCCEEDED: State(kind="good", word="succeeded"),
    releaser_pb2.STATE_FAILED: State(kind="bad", word="failed"),
    releaser_pb2.STATE_SUPERSEDED: State(kind="quiet", word="superseded"),
}


def release_state(release: Release) -> State:
    """How a release is."""
    return state_word(release.state)


def state_word(state: releaser_pb2.State.ValueType) -> State:
    """The same for the state alone."""
    return _RELEASES.get(state, State(kind="quiet", word="unknown"))


def instance_kind(instance: Instance) -> str:
    """The colour of an instance's state."""
    return {"ready": "good", "starting": "busy"}.get(instance.state, "bad")


def has_ended(release: Release) -> bool:
    """Whether nothing of it changes any more."""
    ended = (releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED, releaser_pb2.STATE_SUPERSEDED)
    return release.state in ended


def is_way_back(release: Release, newest: Release | None) -> bool:
    """Whether somebody can go back to a release: it was well, and is not the one that runs."""
    is_newest = newest is not None and newest.number == release.number
    return release.state == releaser_pb2.STATE_SUCCEEDED and not is_newest


def state_of(release: Release | None, instances: ListInstancesResponse | None) -> State:
    """How an app is: what goes on comes before what is wrong, and that before what is well."""
    if release is None:
        return State(kind="quiet", word="not released")
    if not has_ended(release):
        return release_state(release)
    if instances is not None and instances.HasField("drift"):
        return State(kind="bad", word="drifted", sentence=f"{instances.drift.manager} changed it beside the platform.")
    if release.state == releaser_pb2.STATE_FAILED:
        return State(kind="bad", word="last release failed", sentence=release.message)
    return _running(instances)


def _running(instances: ListInstancesResponse | None) -> State:
    if instances is None:
        return State(kind="good", word="released")
    running = len(instances.instances)
    return State(kind="good", word=f"{running} running") if running else State(kind="quiet", word="no instances")
