"""`paas config:get`: the values of config vars as they are. It imports no generated module, as `paas config` does."""

from collections.abc import Sequence

import click

from paas_cli.command import command as declare
from paas_cli.commands.config.listing import MANAGED, Listing, fetch
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed.credentials import shown
from paas_cli.typed.names import NAME


@declare("config:get")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("-n", "--no-newline", is_flag=True, help="Print the one value alone, without a newline after it.")
def command(session: Session, *, names: tuple[str, ...], no_newline: bool) -> None:
    """Print the value of config vars.

    Prints the value and a newline; of several names NAME=value lines, as `paas config:export`
    does, all of them or none. On a terminal, control and invisible characters are shown as
    escapes; piped or redirected, values are exact. What comes from a shared group is read as the
    app has it. A name that is not set ends it with 1.

    For example:
      paas config:get LOG_LEVEL
      paas config:get BANNER --no-newline > banner.txt
      paas config:get API_BASE_URL API_VERSION
    """
    run(session, names, no_newline=no_newline)


def run(session: Session, names: Sequence[str], *, no_newline: bool) -> None:
    """Check, fetch, print."""
    _check(names)
    if no_newline and len(names) > 1:
        raise Misuse("--no-newline is for one value alone.")
    values = _values(session, names, fetch(session))
    if len(names) == 1:
        _one(session, names[0], values[names[0]], no_newline=no_newline)
    elif session.as_json:
        session.out.json({"app": session.app, "vars": [{"name": name, "value": values[name]} for name in names]})
    else:
        from paas_cli.dotenv.writing import dotenv

        session.out.raw(dotenv(values))
        session.note_escapes(" and ".join(names), session.hint(f"config:get {' '.join(names)}"))


def _one(session: Session, name: str, value: str, *, no_newline: bool) -> None:
    if session.as_json:
        session.out.json({"app": session.app, "name": name, "value": value})
        return
    session.out.raw(value if no_newline else value + "\n")
    session.note_escapes(name, session.hint(f"config:get {name} --no-newline"))


def _check(names: Sequence[str]) -> None:
    faults = []
    for position, name in enumerate(names, 1):
        if NAME.fullmatch(name) is None:
            faults.append(f"argument {position} is not a name")
        elif name in names[: position - 1]:
            faults.append(f"{shown(name, position)} is given twice")
    if faults:
        raise Misuse(f"Nothing was read: {'; '.join(faults)}.")


def _values(session: Session, names: Sequence[str], listing: Listing) -> dict[str, str]:
    """In the order of the names. Raises Failure where one is not set, or an add-on has its value."""
    there = {var.name: var for var in (*listing.vars, *(var for var, _ in listing.from_groups()))}
    managed = [name for name in names if name in there and there[name].kind == MANAGED]
    if managed:
        raise Failure(
            f"{', '.join(map(visible, managed))}: managed by an add-on, which gives the value to the app alone; "
            f"{session.hint('config')} shows the form it has."
        )
    if missing := [name for name in names if name not in there]:
        staged = [item.name for item in listing.staged if item.name in missing]
        if staged:
            raise Failure(f"{', '.join(staged)}: staged and not live yet; {session.hint('staged')} shows it.")
        from paas_cli.variables import absent

        raise absent.of_config(session, missing, there, listing)
    return {name: there[name].value for name in names}
