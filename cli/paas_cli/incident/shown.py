"""An incident in a terminal, as wide as that is, and elsewhere as one fact a line."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from paas_cli.incident import pasted, rules, words
from paas_cli.incident.facts import Asked, Facts, Token
from paas_cli.incident.rules import State, Step
from paas_cli.session import Session
from paas_cli.terminal.text import visible

_MARKS = {State.DONE: ("✓", "green"), State.OPEN: ("○", "yellow"), State.UNKNOWN: ("?", "yellow")}
_NARROWEST, _WIDEST = 40, 110
# How much of a long list a terminal gets; pipes and `--json` have everything.
_MOST = 30
Each = TypeVar("Each")


class Page:
    """What is written to a terminal."""

    def __init__(self, session: Session, facts: Facts, steps: Sequence[Step]) -> None:
        self._session = session
        self._out = session.out
        self._facts = facts
        self._steps = steps
        self._width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns - 1))

    def write(self) -> None:
        """Write all of it."""
        facts = self._facts
        self._out.line(self._out.styled(f"Incident: {words.subject(facts)}", "bold"))
        if period := words.period(facts):
            self._wrapped(period, indent=2, style="dim")
        for token in facts.tokens if facts.asked is not Asked.EVERYBODY else ():
            self._wrapped(_about(token), indent=2, style="dim")
        self._read()
        if facts.asked is not Asked.EVERYBODY:
            self._could()
            self._did()
        self._checklist()
        if facts.left_out:
            self._heading("Not told")
            for sentence in facts.left_out:
                self._wrapped(visible(sentence), indent=2)
        self._out.line()
        done = rules.are_done(self._steps)
        self._wrapped(words.last_line(self._steps), style="green" if done else "yellow")

    def _read(self) -> None:
        facts = self._facts
        self._heading("Was read: the log proves it")
        if not facts.read:
            self._wrapped("Nothing.", indent=2)
        for secret, times in self._some(sorted(facts.read.items(), key=lambda each: -each[1].last_at)):
            self._out.line(f"  {self._out.styled(visible(secret.name), 'bold')} of {visible(secret.app)}")
            self._wrapped(words.how_often(times), indent=4, style="dim")
        if len(facts.readers) > 1 or (facts.readers and facts.asked is Asked.EVERYBODY):
            self._heading("By")
            for actor in self._some(facts.readers):
                maker = f" ({visible(actor.maker.removeprefix('user:'))})" if actor.maker else ""
                self._out.line(f"  {self._out.styled(visible(actor.who), 'bold')}{maker}")
                self._wrapped(words.how_often(actor.times), indent=4, style="dim")
        if facts.refused:
            self._wrapped(f"{facts.refused:,} more attempts were refused.", indent=2)

    def _could(self) -> None:
        facts = self._facts
        self._heading("Could have been read as well: by permission, though the log has no read of it")
        left = rules.not_read(facts)
        if not any(rules.could_reveal(token) for token in facts.tokens):
            unknown = any(not token.is_known for token in facts.tokens) or not facts.tokens
            self._wrapped("Not known." if unknown else "Nothing: it was not given secrets.reveal.", indent=2)
        elif not left:
            self._wrapped("Nothing else that is there now.", indent=2)
        for app, names in self._some(left.items()):
            listed = ", ".join(map(visible, names[:_MOST])) + (
                f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
            )
            self._wrapped(f"{visible(app)}: {listed}", indent=2)
        if any(rules.RUNS_PROGRAMS in token.granted for token in facts.tokens):
            self._wrapped(
                "It may also change what apps run (apps.write), and a program sees all variables of its app and of the "
                "shared groups that this has.",
                indent=2,
            )

    def _did(self) -> None:
        self._heading("Was changed")
        if not self._facts.did:
            self._wrapped("Nothing.", indent=2)
        for deed in self._some(self._facts.did):
            about = visible(" of ".join(filter(None, (deed.name, deed.app))))
            self._out.line(f"  {self._out.styled(deed.action, 'bold')} {about}".rstrip())
            self._wrapped(words.how_often(deed.times), indent=4, style="dim")

    def _checklist(self) -> None:
        self._heading("To do")
        number = len(str(len(self._steps)))
        for at, step in enumerate(self._steps, 1):
            mark, colour = _MARKS[step.state]
            self._out.line(f"  {self._out.styled(mark, colour)} {at:>{number}}. {words.title(step)}")
            indent = number + 6
            self._wrapped(words.why(step), indent=indent, style="dim")
            command = pasted.command(step, self._session)
            if step.state is not State.DONE and command:
                # In one line whatever the width, since it is there to be pasted.
                self._out.line(" " * indent + self._out.styled(command, "cyan"))
            if step.previous_until is not None:
                self._wrapped(
                    f"the value before is given to the app as {visible(step.name)}_PREVIOUS until "
                    f"{words.at(step.previous_until)}",
                    indent=indent,
                    style="yellow",
                )
        self._heading("And besides")
        for sentence in pasted.advice(self._facts, self._steps, self._session):
            self._wrapped(f"- {sentence}", indent=2, hanging=2)

    def _some(self, found: Iterable[Each]) -> Iterator[Each]:
        """Yield the first of a list, and say how many there are besides."""
        every = list(found)
        yield from every[:_MOST]
        if len(every) > _MOST:
            self._wrapped(f"and {len(every) - _MOST:,} more, which --json and a pipe have.", indent=2)

    def _heading(self, text: str) -> None:
        self._out.line()
        self._wrapped(text, style="bold")

    def _wrapped(self, text: str, *, indent: int = 0, hanging: int = 0, style: str = "") -> None:
        lines = textwrap.wrap(
            text,
            self._width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hanging),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines:
            self._out.line(self._out.styled(line, style) if style else line)


def _about(token: Token) -> str:
    if not token.is_known:
        return f"{visible(token.token_id)}: tokens told nothing of it"
    made = f", made by {visible(token.maker.removeprefix('user:'))}" if token.maker else ", a sign-in"
    state = (
        f"ended {words.at(token.ended_at)}"
        if token.ended_at is not None
        else f"lives until {words.at(token.expires_at)}"
    )
    apps = f"apps {', '.join(map(visible, token.apps))}" if token.apps else "all apps"
    return (
        f"{visible(token.name)} ({visible(token.token_id)}){made} {words.at(token.created_at)}, {state}; {apps}; "
        f"{', '.join(map(visible, token.granted)) or 'no permission'}"
    )


def lines(facts: Facts, steps: Sequence[Step], session: Session) -> Iterable[str]:
    """One fact a line, cells separated by tabs; the last line says whether all is done."""
    for secret, times in sorted(facts.read.items()):
        yield _row(
            "read", secret.app, secret.name, str(times.count), words.at(times.first_at), words.at(times.last_at),
            ",".join(times.addresses) or "-",
        )  # fmt: skip
    for actor in facts.readers:
        yield _row("reader", actor.who, actor.token_id or "-", actor.maker or "-", str(actor.times.count))
    for app, names in rules.not_read(facts).items():
        for name in names:
            yield _row("could", app, name)
    for deed in facts.did:
        yield _row(
            "did", deed.action, deed.app or "-", deed.name or "-", str(deed.times.count), words.at(deed.times.last_at)
        )
    for step in steps:
        what = step.token_id or step.name or "-"
        command = pasted.command(step, session) or "-"
        yield _row("step", step.state, step.kind, step.app or "-", what, words.why(step), command)
    for sentence in facts.left_out:
        yield _row("note", sentence)
    yield words.last_line(steps)


def _row(*cells: str) -> str:
    return "\t".join(map(visible, cells))
