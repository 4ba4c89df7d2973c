"""Steps and times in words, for a terminal, a pipe, JSON and a page alike. What does a step is said by each of them."""

from collections.abc import Sequence

from paas_cli.incident.facts import Facts, Moment, Times
from paas_cli.incident.rules import RUNS_ANOTHER_PROGRAM, Kind, Reason, State, Step
from paas_cli.terminal import times
from paas_cli.terminal.text import visible

_WHY = {
    Reason.NOT_TOLD: "whether it is done can't be told here",
    Reason.LIVES: "it still works",
    Reason.STILL_CURRENT: "the value that got out is still the current one",
    Reason.SET_BY_SUSPECT: "its current value was set or staged by the same hands",
    Reason.MANAGED: "an add-on manages it: have that give a new value, which is released by itself",
    Reason.BROUGHT_BACK: "it got a new value, and then a rollback or a failed release brought an older one back",
    Reason.NOT_RELEASED: "no release that succeeded has the new values yet",
    Reason.ROTATE_FIRST: "rotate first; each rotation releases by itself",
}
_DONE = {
    Reason.ENDED: "ended",
    Reason.CHANGED: "new value",
    Reason.UNSET: "unset",
    Reason.APP_DESTROYED: "app destroyed",
    Reason.RELEASED: "in release",
    Reason.NO_SUCH_TRUST: "it is no more",
}


def at(moment: Moment | None) -> str:
    """`2026-05-08T13:42:00Z`; empty for none."""
    return times.of_seconds(moment // 1_000_000) if moment is not None else ""


def title(step: Step) -> str:
    """What is to be done."""
    app = f" of {visible(step.app)}" if step.app else ""
    name = visible(step.name)
    return {
        Kind.REVOKE: f"Revoke token {name}",
        Kind.UNTRUST: f"Remove trust {name}",
        Kind.ROTATE: f"Rotate {name}{app}",
        Kind.RELEASE: f"Release {visible(step.app)} with its new values",
    }[step.kind]


def why(step: Step) -> str:
    """How it stands."""
    if step.state is not State.DONE:
        return _WHY[step.reason]
    if step.reason is Reason.RELEASED:
        return f"{_DONE[step.reason]} v{step.version}"
    return f"{_DONE[step.reason]} {at(step.at)}".rstrip()


def how_often(found: Times) -> str:
    """`3 times, 2026-…Z to 2026-…Z, from 203.0.113.9 and 2 more`."""
    often = "once" if found.count == 1 else f"{found.count:,} times"
    first, last = at(found.first_at), at(found.last_at)
    return f"{often}, {first if first == last else f'{first} to {last}'}{origin(found)}"


def origin(found: Times, *, most: int = 3) -> str:
    """`, from 203.0.113.9 and others`; empty where no address is known."""
    if not found.addresses:
        return ""
    shown = found.addresses[:most]
    more = " and others" if found.more_addresses or len(found.addresses) > most else ""
    return f", from {', '.join(map(visible, shown))}{more}"


def subject(facts: Facts) -> str:
    """Whom it is about."""
    if facts.asked == "everybody":
        return "everything that anybody read"
    return f"{facts.asked.value} {visible(facts.label)}"


def period(facts: Facts) -> str:
    """Which time was looked at, in words; empty for all there is."""
    since = f"from {at(facts.since)}" if facts.since is not None else ""
    until = f"until {at(facts.until)}" if facts.until is not None else ""
    return " ".join(filter(None, (since, until)))


def last_line(steps: Sequence[Step]) -> str:
    """Whether all is done."""
    left = [step for step in steps if step.state is not State.DONE]
    if not steps:
        return "Nothing to do: nothing was read, and nothing that could be used is left."
    if not left:
        return f"All done: {len(steps)} of {len(steps)} {'step' if len(steps) == 1 else 'steps'}."
    unknown = sum(step.state is State.UNKNOWN for step in left)
    more = f", {unknown} of them can't be told" if unknown else ""
    steps_word = "step" if len(steps) == 1 else "steps"
    return f"Not all done: {len(left)} of {len(steps)} {steps_word} {'is' if len(left) == 1 else 'are'} left{more}."


def advice(facts: Facts, steps: Sequence[Step], *, setting: str) -> list[str]:
    """What no log and no service can tell, and is to be done by people. `setting` is how a value is given by hand."""
    said = []
    if any(step.kind is Kind.ROTATE for step in steps):
        said.append(
            "A value that somebody else issued, such as an API key, is good until it is ended where it came from: make "
            f"a new one there, {setting} instead of rotating, then end the old one there."
        )
    if any(step.previous_until is not None for step in steps):
        said.append("Where the value before is still given to an app as NAME_PREVIOUS, make sure nothing accepts it.")
    if facts.asked == "user":
        said.append(
            "Disable the person at the identity provider, or take their role away: sign-ins there are not seen here."
        )
    if replaced := sorted({deed.app for deed in facts.did if deed.action in RUNS_ANOTHER_PROGRAM and deed.app}):
        said.append(
            f"What {', '.join(map(visible, replaced))} {'runs' if len(replaced) == 1 else 'run'} was changed, and a "
            "program sees all variables of its app: unless the change was yours, treat all of them as read."
        )
    if facts.did:
        said.append("Look at what was changed: whether it was meant, nobody but you can say.")
    said.append("Config vars can be read without leaving a trace in the log; if one is secret, treat it as read.")
    return said
