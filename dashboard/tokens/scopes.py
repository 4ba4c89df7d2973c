"""What a token may do, a sentence each, and what one gets that is made for CI."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from dashboard.sessions.session import Person

SENTENCES: Final[Mapping[str, str]] = {
    "apps.read": "See apps, what they run, and their instances.",
    "apps.write": "Make, change and destroy apps.",
    "config.read": "Read config vars and their values.",
    "config.write": "Set and unset config vars.",
    "secrets.list": "See the names of secrets, not their values.",
    "secrets.write": "Set, rotate and unset secrets, without reading them.",
    "secrets.reveal": "Read the values of secrets, each time on record.",
    "releases.read": "See releases and watch them.",
    "releases.write": "Release, restart and roll back.",
    "tokens.manage": "Make and end tokens, which may do no more than this one.",
    "audit.read": "Read the audit log of the whole tenant.",
    "keys.manage": "Rotate and destroy the keys that secrets are sealed with.",
}
FOR_CI: Final = frozenset(
    {"apps.read", "config.read", "config.write", "secrets.list", "secrets.write", "releases.read", "releases.write"}
)
"""What `paas tokens:create` gives where nothing is named; the page has these chosen before (decision 45)."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """One that somebody can give a token."""

    permission: str
    sentence: str
    is_chosen: bool


def offered(person: Person, *, chosen: Collection[str] | None = None) -> list[Scope]:
    """Those that somebody has, and so can give; `chosen` before, or what is for CI."""
    before = FOR_CI if chosen is None else chosen
    return [
        Scope(permission=each, sentence=sentence, is_chosen=each in before)
        for each, sentence in SENTENCES.items()
        if person.may(each)
    ]
