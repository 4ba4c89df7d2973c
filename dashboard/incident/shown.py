"""An incident as a page shows it: what the rules say in words, with the page where each step is done. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from paas_cli.incident import rules, words
from paas_cli.incident.facts import Asked, Facts, Token
from paas_cli.incident.rules import Kind, Reason, State, Step
from paas_cli.terminal import hints

# How much of a long list a page has; `paas incident --json` has everything.
MOST: Final = 200
_SIGN_IN: Final = "user"
_SETTING: Final = "set it on the app's page"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something, and a sentence about it. `path` is where more is shown, below the prefix; empty for nowhere."""

    what: str
    more: str
    of: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class ShownStep:
    """A step. `state` is done, open or unknown.

    `path` is the page where it is to be done, `command` what does it where no page does all of it. Both are empty where
    it is done already, or not its turn.
    """

    title: str
    why: str
    state: str
    path: str = ""
    command: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Some:
    """The first of a list, and how many there are besides."""

    lines: Sequence[Line]
    more: int


@dataclass(frozen=True, kw_only=True)
class Shown:
    """All of an incident."""

    title: str
    period: str
    about: Sequence[str]
    read: Some
    readers: Some
    refused: int
    could: Some
    could_sentence: str
    did: Some
    is_about_somebody: bool
    steps: Sequence[ShownStep]
    last_line: str
    all_done: bool
    advice: Sequence[str]
    left_out: Sequence[str]


def shown(facts: Facts) -> Shown:
    """Say what follows from the facts."""
    steps = rules.steps(facts)
    signed_in = {token.token_id for token in (*facts.tokens, *facts.planted_tokens) if token.kind == _SIGN_IN}
    return Shown(
        title=words.subject(facts),
        period=words.period(facts),
        about=[_about(token) for token in facts.tokens] if facts.asked is not Asked.EVERYBODY else (),
        read=_some(_read(facts)),
        readers=_some(_readers(facts)) if len(facts.readers) > 1 or facts.asked is Asked.EVERYBODY else _some(()),
        refused=facts.refused,
        could=_some(Line(what=", ".join(names), more="", of=app) for app, names in rules.not_read(facts).items()),
        could_sentence=_could(facts),
        did=_some(_did(facts)),
        is_about_somebody=facts.asked is not Asked.EVERYBODY,
        steps=[_step(step, is_sign_in=step.token_id in signed_in) for step in steps],
        last_line=words.last_line(steps),
        all_done=rules.are_done(steps),
        advice=words.advice(facts, steps, setting=_SETTING),
        left_out=facts.left_out,
    )


def _read(facts: Facts) -> Iterable[Line]:
    for secret, times in sorted(facts.read.items(), key=lambda each: -each[1].last_at):
        path = _log(app=secret.app, name=secret.name)
        yield Line(what=secret.name, of=secret.app, more=words.how_often(times), path=path)


def _readers(facts: Facts) -> Iterable[Line]:
    for actor in facts.readers:
        maker = f", made by {actor.maker.removeprefix('user:')}" if actor.maker else ""
        path = _log(actor=actor.who)
        yield Line(what=actor.who.removeprefix("user:"), more=f"{words.how_often(actor.times)}{maker}", path=path)


def _did(facts: Facts) -> Iterable[Line]:
    for deed in facts.did:
        path = _log(action=deed.action, app=deed.app, name=deed.name)
        of = " of ".join(filter(None, (deed.name, deed.app)))
        yield Line(what=deed.action, of=of, more=words.how_often(deed.times), path=path)


def _could(facts: Facts) -> str:
    """What could have been read besides, where there is no list of it."""
    if not any(rules.could_reveal(token) for token in facts.tokens):
        unknown = any(not token.is_known for token in facts.tokens) or not facts.tokens
        return "Not known." if unknown else "Nothing: it was not given secrets.reveal."
    return "" if rules.not_read(facts) else "Nothing else that is there now."


def _about(token: Token) -> str:
    if not token.is_known:
        return f"{token.token_id}: tokens told nothing of it"
    made = f"made by {token.maker.removeprefix('user:')}" if token.maker else "a sign-in"
    has_ended = token.ended_at is not None
    state = f"ended {words.at(token.ended_at)}" if has_ended else f"lives until {words.at(token.expires_at)}"
    apps = f"apps {', '.join(token.apps)}" if token.apps else "all apps"
    may = ", ".join(token.granted) or "no permission"
    return f"{token.name} ({token.token_id}), {made} {words.at(token.created_at)}, {state}; {apps}; {may}"


def _step(step: Step, *, is_sign_in: bool) -> ShownStep:
    path, command = ("", "") if step.state is State.DONE else _where(step, is_sign_in=is_sign_in)
    note = ""
    if step.previous_until is not None:
        note = f"The value before is given to the app as {step.name}_PREVIOUS until {words.at(step.previous_until)}."
    return ShownStep(
        title=words.title(step), why=words.why(step), state=step.state.value, path=path, command=command, note=note
    )


def _where(step: Step, *, is_sign_in: bool) -> tuple[str, str]:
    """The page where a step is done, or the command that does it."""
    if step.reason in (Reason.ROTATE_FIRST, Reason.MANAGED):
        return "", ""  # a release now would restart the app with the values that got out; what is managed nobody sets
    if step.kind is Kind.RELEASE:
        return f"apps/{quote(step.app)}/staged", hints.command("releases:create", app=step.app).strip("`")
    if step.kind is Kind.ROTATE:
        return f"apps/{quote(step.app)}/secrets/{quote(step.name)}#rotate", ""
    if step.kind is Kind.UNTRUST:
        return "account/trusts", ""
    if is_sign_in or step.state is State.UNKNOWN:
        # No page is about a sign-in, and none about a token that nobody tells of.
        return "", hints.command(f"tokens:revoke {hints.quoted(step.token_id)}").strip("`")
    return f"account/tokens/{quote(step.token_id)}#revoke", ""


def _log(**asked: str) -> str:
    """The page of the audit log that is asked this; what is empty is not asked."""
    return f"account/audit?{urlencode({name: text for name, text in asked.items() if text})}"


def _some(found: Iterable[Line]) -> Some:
    every = list(found)
    return Some(lines=every[:MOST], more=max(0, len(every) - MOST))
