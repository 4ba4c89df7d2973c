"""What a form asks for: a token to be made, or a new text for one. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from google.rpc import code_pb2
from starlette.datastructures import FormData

from dashboard.calls.refusals import Refusal
from dashboard.tokens.scopes import SENTENCES
from paas_cli.errors import Misuse
from paas_cli.typed import durations

_LIFETIMES: Final = (("7d", "7 days"), ("30d", "30 days"), ("90d", "90 days"), ("180d", "180 days"), ("366d", "a year"))
OVERLAPS: Final = (
    ("0", "ends now"),
    ("1h", "works on for an hour"),
    ("24h", "works on for 24 hours"),
    ("7d", "works on for 7 days"),
    ("30d", "works on for 30 days"),
)
DEFAULT_LIFETIME, DEFAULT_OVERLAP = "30d", "24h"
_ONLY: Final = "only"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A token to be made. No apps are all of its maker's."""

    name: str
    seconds: int
    permissions: tuple[str, ...]
    apps: tuple[str, ...]


def lifetimes(now: datetime) -> list[tuple[str, str]]:
    """How long a token may live, each with the day it then ends."""
    found = []
    for length, words in _LIFETIMES:
        ends = now + timedelta(seconds=durations.seconds(length, option=length))
        found.append((length, f"{words}, until {ends:%Y-%m-%d}"))
    return found


def asked(form: FormData) -> Asked:
    """What the form asks for. Raises Refusal where it is left open what that is."""
    name = str(form.get("name", "")).strip()
    if not name:
        raise _refused("Give the token a name that says what it is for.")
    lifetime = length_of(form, "lifetime")
    return Asked(name=name, seconds=lifetime, permissions=scopes_in(form), apps=places_in(form))


def scopes_in(form: FormData) -> tuple[str, ...]:
    """What a form lets a token do. Raises Refusal for nothing: a service would take that for what CI needs, which
    nobody has chosen here.
    """
    permissions = tuple(str(each) for each in form.getlist("scope") if str(each) in SENTENCES)
    if not permissions:
        raise _refused("Choose at least one thing that the token may do.")
    return permissions


def places_in(form: FormData) -> tuple[str, ...]:
    """The apps that a form limits a token to; none for all. Raises Refusal where it is limited to none."""
    if form.get("apps") != _ONLY:
        return ()
    apps = tuple(str(each) for each in form.getlist("app"))
    if not apps:
        raise _refused("Choose the apps that the token is limited to, or let it have all of them.")
    return apps


def length_of(form: FormData, field: str, *, zero: bool = False) -> int:
    """The length that a form says, in seconds. Raises Refusal where it says none."""
    try:
        return durations.seconds(str(form.get(field, "")), option=f"The {field}", zero=zero)
    except Misuse as misuse:
        raise _refused(str(misuse)) from None


def _refused(sentence: str) -> Refusal:
    return Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=sentence)
