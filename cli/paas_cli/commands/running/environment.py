"""An app's live variables as a program is given them, and how they meet those of the shell.

Config vars come from config, which records no reading, and everything sealed from secrets in one call that does, and
one for each group that the app has. Each answer is of one moment, and config's is asked for first. Must not write a
value anywhere.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from paas_cli.commands.config.listing import CONFIG, MANAGED, Listing, fetch
from paas_cli.commands.running import revealed
from paas_cli.errors import NOT_ALLOWED, Failure
from paas_cli.groups import sealed_names, unseen
from paas_cli.session import Session
from paas_transport.rpc_error import NOT_FOUND, PERMISSION_DENIED, RpcError

# What a program that is run here has no business with, unless it is asked for: it opens the whole account.
_TOKEN = "PAAS_TOKEN"  # noqa: S105 - the name of a variable


class Variables(NamedTuple):
    """An app's variables: plain ones, and those that are sealed, which must not be shown."""

    plain: Mapping[str, str]
    sealed: Mapping[str, str]

    def all(self) -> dict[str, str]:
        """Both together; no name is in both."""
        return {**self.plain, **self.sealed}

    def __repr__(self) -> str:
        """The names alone."""
        return f"Variables({', '.join((*self.plain, *self.sealed))})"


def of_app(session: Session, *, only: Sequence[str], config_only: bool, command: str) -> Variables:
    """The app's variables and those it gets of its groups, of these `only` if any are named. Raises Failure.

    `command` is what was typed, for the hint to a way without secrets. Its own value wins over a group's.
    """
    listed = fetch(session)
    if listed.hidden_groups and not only:
        raise _half(listed)
    own = {var.name: var.value for var in listed.vars if var.kind == CONFIG}
    given = {**own, **{var.name: var.value for var, _ in listed.from_groups()}}
    plain = {name: value for name, value in given.items() if not only or name in only}
    wanted = tuple(name for name in dict.fromkeys(only) if name not in plain)
    if config_only and wanted:
        raise Failure(f"{', '.join(wanted)}: no such config var, and --config-only leaves out everything else.")
    if config_only or (only and not wanted):
        return Variables(plain, {})
    managed = {var.name for var in listed.vars if var.kind == MANAGED}
    without = session.hint(f"{command} --config-only")
    sealed: dict[str, str] = {}
    for source, names in _sources(session, listed, wanted):
        is_own = source is session
        for each in _sealed(source, names, without, listed.hidden_groups):
            # A managed value that config no longer lists is on its way out; the name may be a config var by now.
            is_given = not each.managed or each.name in managed
            if is_given and (is_own or not (each.name in own or each.name in managed)):
                sealed.setdefault(each.name, each.value)
    if missing := sorted(name for name in managed if name not in sealed and (not only or name in only)):
        session.warn(f"{', '.join(missing)}: an add-on is just attaching it, so it has no value yet.")
    # A name that is in both was a config var when these were listed, and is sealed since.
    return Variables({name: value for name, value in plain.items() if name not in sealed}, sealed)


def _half(listed: Listing) -> Failure:
    """Why nothing is started where a group is out of sight: a program would have half of its variables."""
    return Failure(
        f"Nothing was started: {unseen.words(listed.hidden_groups)}, so the program would lack variables. "
        "--only NAME gives it those that are named.",
        exit_code=NOT_ALLOWED,
    )


def _sources(session: Session, listed: Listing, wanted: tuple[str, ...]) -> list[tuple[Session, tuple[str, ...]]]:
    """Whose sealed values are opened, the app's own first, and which of them; no names are all. Raises Failure."""
    groups = [session.of_app(group.group) for group in listed.groups if not group.hidden]
    if not wanted:
        return [(session, ()), *((group, ()) for group in groups)]
    of = (sealed_names.or_none(session, listed) or {}) if groups and session.may("secrets.list") else {}
    found = [(session, tuple(name for name in wanted if name not in of))]
    found += [(group, tuple(name for name in wanted if of.get(name) == group.app)) for group in groups]
    return [(source, names) for source, names in found if names]


def merged(person: Mapping[str, str], app: Mapping[str, str], *, preserved: Collection[str]) -> dict[bytes, bytes]:
    """The environment of the program: the person's, over which the app's variables win, except those preserved."""
    merged = {os.fsencode(name): os.fsencode(value) for name, value in person.items()}
    if _TOKEN not in preserved:
        merged.pop(_TOKEN.encode(), None)
    # UTF-8 as the platform gives it to the app, whatever this machine's locale says.
    return merged | {
        name.encode(): value.encode() for name, value in app.items() if name not in preserved or name not in person
    }


def _sealed(
    session: Session, names: tuple[str, ...], without: str, hidden: Sequence[str]
) -> tuple[revealed.Value, ...]:
    try:
        return session.try_to_read(revealed.PATH, revealed.Request(session.app, names), revealed.Answer).values
    except RpcError as error:
        failure = session.failure(error, effect=None)
        if error.code == PERMISSION_DENIED and failure.exit_code == NOT_ALLOWED:
            failure.sentence += f" {without} runs with config vars alone."
        if error.code == NOT_FOUND and hidden:
            failure.sentence += f" {unseen.words(hidden)}."
        raise failure from None
