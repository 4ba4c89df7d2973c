"""What to say of a name that is not there: which command has it, or which name was meant.

Only once a look-up failed: it may cost another call, and makes none that the caller is not allowed. So somebody who may
not list names learns none here. Must not show a word that may be a value.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from paas_cli.commands.config.listing import CONFIG, Listing, fetch
from paas_cli.errors import Failure
from paas_cli.groups import sealed_names, unseen
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed import nearness
from paas_cli.typed.credentials import shown
from paas_cli.variables import secret_names

# The reason of google.rpc.ErrorInfo with which config and secrets refuse a name that is not there.
_NOT_SET = "NAME_NOT_SET"


def of_config(session: Session, names: Sequence[str], there: Iterable[str], listing: Listing | None = None) -> Failure:
    """The failure for names that are no config vars of the app's own; `there` are those that are.

    `listing` is the app's, where it is at hand.
    """
    secrets = listed_secrets(session)
    listing = listing or _listing(session)
    sealed = _secrets_of_groups(session, listing)
    plain = {} if listing is None else {var.name: group for var, group in listing.from_groups()}
    failure = _failure(
        session,
        names,
        _Kind("not set", "secrets:get", "a secret"),
        elsewhere=secrets,
        there=list(there),
        passed=(*sealed, *plain),
    )
    _add_groups_secrets(failure, session, names, sealed)
    failure.sentence += "".join(
        f" {visible(name)} comes from the group {visible(plain[name])}." for name in names if name in plain
    )
    if listing is not None and listing.hidden_groups and not {*sealed, *plain} >= set(names):
        failure.sentence += f" {unseen.words(listing.hidden_groups)}."
    failure.sentence = failure.sentence.strip()
    return failure


def of_secrets(session: Session, names: Sequence[str]) -> Failure | None:
    """The failure for names of which some are no secrets; None where nothing is known."""
    listing, there = _listing(session), listed_secrets(session)
    config = [] if listing is None else [var.name for var in listing.vars if var.kind == CONFIG]
    config += [] if listing is None else [var.name for var, _ in listing.from_groups()]
    from_groups = _secrets_of_groups(session, listing)
    missing = [name for name in names if name not in there]
    found = _failure(
        session,
        missing,
        _Kind("no such secret", "config:get", "a config var"),
        elsewhere=config,
        there=there,
        passed=from_groups,
    )
    _add_groups_secrets(found, session, missing, from_groups)
    is_known = any(name in config or name in from_groups for name in missing) or "did you mean" in found.sentence
    return found if is_known else None


def add_meant(failure: Failure, session: Session, names: Sequence[str], *, secret: bool) -> None:
    """Add to a refused change of names what they may have been meant to be: names of the same kind, as a question.

    Of one that comes from a group it says so. Where to unset it is not said: that would take it from other apps too.
    """
    if failure.details.get("reason") != _NOT_SET:
        return
    listing = _listing(session)
    if listing is not None and listing.groups:
        of = {var.name: group for var, group in listing.from_groups()} | _secrets_of_groups(session, listing)
        from_groups = [f"{visible(name)} comes from the group {visible(of[name])}" for name in names if name in of]
        if from_groups:
            failure.sentence += f" {'; '.join(from_groups)}; here only a value of the app's own can be changed."
            return
    there = listed_secrets(session) if secret else listed_config(session)
    if secret and (moved := [name for name in names if name in listed_config(session)]):
        is_are = "is a config var" if len(moved) == 1 else "are config vars"
        failure.sentence += f" {', '.join(map(visible, moved))} {is_are}."
        return
    meant = [near for name in names if name not in there for near in nearness.near(name, there)]
    failure.sentence = nearness.asked(failure.sentence, meant)


def listed_config(session: Session) -> list[str]:
    """The names of config vars, as far as they may be listed."""
    found = _listing(session)
    return [] if found is None else [var.name for var in found.vars if var.kind == CONFIG]


def _listing(session: Session) -> Listing | None:
    """The app's config vars, and what it has of groups; None where they can't be listed."""
    if not session.may("config.read"):
        return None
    with suppress(Failure):  # what the service said is enough
        return fetch(session)
    return None


def _secrets_of_groups(session: Session, listing: Listing | None) -> dict[str, str]:
    """Names of secrets that the app has of groups, each with its group, as far as they may be listed."""
    if listing is None or not listing.groups or not session.may("secrets.list"):
        return {}
    with suppress(Failure):
        return sealed_names.or_none(session, listing) or {}
    return {}


def _add_groups_secrets(
    failure: Failure, session: Session, names: Sequence[str], from_groups: Mapping[str, str]
) -> None:
    """Say which of `names` are secrets of a group, and the command that reads them; it comes first."""
    said = []
    for group, of in sealed_names.by_group({name: from_groups[name] for name in names if name in from_groups}).items():
        gets = session.of_app(group).hint(f"secrets:get {' '.join(of)}")
        it = "it" if len(of) == 1 else "them"
        said.append(f"{', '.join(map(visible, of))} {_is_secret(len(of))} of {visible(group)}: {gets} reads {it}.")
    failure.sentence = " ".join([*said, *([failure.sentence] if failure.sentence else [])])


def _is_secret(count: int) -> str:
    return "is a secret" if count == 1 else "are secrets"


def listed_secrets(session: Session) -> list[str]:
    """The names of secrets, as far as they may be listed."""
    return (secret_names.or_none(session) or []) if session.may("secrets.list") else []


@dataclass(frozen=True)
class _Kind:
    """How a name that is not there is spoken of, and the command that has it where it is of the other kind."""

    missing: str
    command: str
    other: str


def _failure(
    session: Session,
    names: Sequence[str],
    kind: _Kind,
    *,
    elsewhere: Collection[str],
    there: Sequence[str],
    passed: Collection[str],
) -> Failure:
    """`passed` are names that somebody else speaks of."""
    moved = [name for name in names if name in elsewhere]
    absent = [
        (shown(name, position), name)
        for position, name in enumerate(names, 1)
        if name not in elsewhere and name not in passed
    ]
    sentences = []
    if moved:
        is_are = f"is {kind.other}" if len(moved) == 1 else f"are {kind.other.removeprefix('a ')}s"
        gets = session.hint(f"{kind.command} {' '.join(moved)}")
        sentences.append(
            f"{', '.join(map(visible, moved))} {is_are}: {gets} reads {'it' if len(moved) == 1 else 'them'}."
        )
    if absent:
        near = [name for _, word in absent for name in nearness.near(word, [*there, *elsewhere])]
        words = ", ".join(word for word, _ in absent)
        meant = f"; did you mean {' or '.join(map(visible, dict.fromkeys(near)))}?" if near else "."
        sentences.append(f"{words}: {kind.missing}{meant}")
    return Failure(" ".join(sentences))
