"""Which events a command is about: the options, and what they ask the service for."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from paas_cli.commands.audit.document import OUTCOMES, actions
from paas_cli.errors import Misuse
from paas_cli.terminal.hints import quoted
from paas_cli.typed import moments

if TYPE_CHECKING:
    from paas.audit.v1.audit_pb2 import FollowEventsRequest, ListEventsRequest

_WITH_KIND = re.compile(r"[a-z]+:")
_MOST_BYTES = {"--app": 64, "--name": 128, "--actor": 200}
_OPTIONS = (
    click.option("-a", "--app", metavar="APP", default="", help="Only events about this app."),
    click.option("--name", metavar="NAME", default="", help="Only about this variable, secret, token or release."),
    click.option("--actor", metavar="WHO", default="", help="Only by a person, pat:NAME or service:NAME."),
    click.option("--action", metavar="ACTION", default="", help="Only this action, such as secrets.get."),
    click.option("--outcome", type=click.Choice(list(OUTCOMES.values())), help="Only attempts that ended so."),
    click.option("--people", is_flag=True, help="Without what services did by themselves."),
    click.option("--since", metavar="WHEN", help="Only from then on: 24h ago, or 2026-11-01."),
    click.option("--until", metavar="WHEN", help="Only before then."),
)


@dataclass(frozen=True)
class Filters:
    """Which events. Empty texts, an outcome of 0 and no times let everything through.

    `typed` is how they were given, so that a hint can repeat them.
    """

    app: str = ""
    name: str = ""
    actor: str = ""
    action: str = ""
    outcome: int = 0
    people: bool = False
    since: datetime | None = None
    until: datetime | None = None
    typed: tuple[str, ...] = field(default=(), compare=False)

    @property
    def words(self) -> str:
        """The options as they were given, for a hint."""
        return "".join(f" {word}" for word in self.typed)

    def list_request(self) -> "ListEventsRequest":
        """The request for a list."""
        from paas.audit.v1 import audit_pb2

        request = audit_pb2.ListEventsRequest(**self._fields())
        for moment, asked in ((self.since, request.since), (self.until, request.until)):
            if moment is not None:
                asked.FromDatetime(moment)
        return request

    def follow_request(self, *, after: int) -> "FollowEventsRequest":
        """The request for what comes after a sequence. Times are for lists."""
        from paas.audit.v1 import audit_pb2

        return audit_pb2.FollowEventsRequest(after_sequence=after, **self._fields())

    def _fields(self) -> dict[str, Any]:
        return {
            "app": self.app,
            "name": self.name,
            "actor": self.actor,
            "action": self.action,
            "outcome": self.outcome,
            "people_only": self.people,
        }


def options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that `chosen` reads."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def chosen(given: dict[str, Any], *, now: float) -> Filters:
    """The filters of a command line. Raises Misuse for an action there is not, and for times that make no sense."""
    for name, most in _MOST_BYTES.items():
        if len(given[name.removeprefix("--")].encode()) > most:
            raise Misuse(f"{name} is longer than any event has it: it takes at most {most} bytes.")
    times = {
        each: given[each] and moments.moment(given[each], option=f"--{each}", now=now) for each in ("since", "until")
    }
    if times["since"] and times["until"] and times["until"] <= times["since"]:
        raise Misuse("--until is not after --since, so nothing can be between them; swap them, or correct one.")
    if given["action"]:
        check_action(given["action"])
    return Filters(
        app=given["app"],
        name=given["name"],
        actor=_actor(given["actor"]),
        action=given["action"],
        outcome=next((number for number, word in OUTCOMES.items() if word == given["outcome"]), 0),
        people=given["people"],
        since=times["since"],
        until=times["until"],
        typed=tuple(_typed(given)),
    )


def check_action(action: str) -> None:
    """Raise Misuse where there is no such action, with those it may have been meant to be."""
    known = actions()
    if action in known:
        return
    meant = action.lower().replace(":", ".")
    near = [meant] if meant in known else get_close_matches(meant, known, n=3, cutoff=0.7)
    # Not the word itself: it may be a value that was meant for elsewhere.
    if near:
        raise Misuse(f"--action is none of the actions there are; did you mean {' or '.join(near)}?")
    of_noun = [each for each in known if each.startswith(meant.partition(".")[0] + ".")]
    raise Misuse(f"--action is none of the actions there are, which are {', '.join(of_noun or known)}.")


def _actor(who: str) -> str:
    """`user:ada@example.com` for `ada@example.com`: people need not know what a person is called in the log."""
    return who if not who or _WITH_KIND.match(who) else f"user:{who}"


def _typed(given: dict[str, Any]) -> list[str]:
    words: list[str] = []
    for name in ("app", "name", "actor", "action", "outcome", "since", "until"):
        if given[name]:
            words += ["-a" if name == "app" else f"--{name}", quoted(given[name])]
    return [*words, *(["--people"] if given["people"] else [])]
