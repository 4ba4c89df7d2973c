"""`paas config`: the config vars of an app."""

import re

import click

from paas_cli.command import command as declare
from paas_cli.commands.config.listing import CONFIG, MANAGED, GroupVars, Listing, Staged, Var, fetch
from paas_cli.groups import marks, unseen
from paas_cli.releases import actions, draft_shown
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.output import Output
from paas_cli.terminal.text import visible

_KINDS = {CONFIG: "config", MANAGED: "managed"}


@declare("config")
@click.option("--names", is_flag=True, help="Print the names alone, one a line.")
def command(session: Session, *, names: bool) -> None:
    """List config vars.

    One NAME=value a line, in the order they were first set; those an add-on manages come last.
    A value with line breaks, or one that starts with a double quote, is shown in double quotes
    with escapes, so that one variable stays one line. What is staged is below what is live and
    marked (staged); elsewhere than on a terminal such a line starts with `# `, as a comment.

    What the app gets of shared groups comes after its own and is marked (from GROUP), and so is an
    own value that a group has too, which wins. Elsewhere than on a terminal comments say it, and
    values stay exact. `-a` takes a group as well.

    For example:
      paas config -a web
      paas config -a web --json
      paas config -a shared
      paas config --names
    """
    run(session, names=names)


def run(session: Session, *, names: bool) -> None:
    """Fetch and print."""
    listing = fetch(session)
    if names:
        found = [*listing.vars, *(var for var, _ in listing.from_groups())]
        session.out.names(session.app, [var.name for var in found], as_json=session.as_json)
    elif session.as_json:
        session.out.json(_listing_document(session.app, listing))
    else:
        _show(session, listing)
    if listing.hidden_groups and not session.as_json:
        session.note(f"{unseen.words(listing.hidden_groups)}: what comes from there is not shown.")


def _show(session: Session, listing: Listing) -> None:
    """What it has itself, and then what it gets of groups."""
    from_groups = listing.from_groups()
    if not listing.vars and not from_groups:
        session.note(f"{session.app} has no config vars.")
    draft = {item.name: item for item in listing.staged}
    of_groups = marks.Marks(session.out, listing.groups)
    for var in listing.vars:
        suffix = session.out.styled("   (managed by addon)", "dim") if var.kind == MANAGED else ""
        line = draft_shown.assignment(session.out, var.name, shown(session.out, var.value)) + suffix
        session.out.line(line + of_groups.beside(var.name))
        if var.name in draft:
            session.out.line(staged_line(session.out, draft.pop(var.name)))
    for item in draft.values():
        session.out.line(staged_line(session.out, item))
    of_groups.below(var.name for var in listing.vars)
    of = ""
    for var, group in from_groups:
        line = draft_shown.assignment(session.out, var.name, shown(session.out, var.value))
        marks.line(session.out, line, group=group, is_first=group != of)
        of = group


def _listing_document(app: str, listing: Listing) -> dict[str, object]:
    return {
        "app": app,
        "version": listing.version,
        "vars": [_document(var) for var in listing.vars],
        "staged": [draft_shown.document(item, item.value) for item in listing.staged],
        "groups": [_group_document(group) for group in listing.groups],
    }


def _document(var: Var) -> dict[str, object]:
    return {
        "name": var.name,
        "value": var.value,
        "kind": _KINDS.get(var.kind, "unknown"),
        "addon": var.addon or None,
        "version": var.version,
        "updated_at": times.or_null(var.updated_at),
        "updated_by": var.updated_by or None,
    }


def _group_document(group: GroupVars) -> dict[str, object]:
    return {
        "group": group.group,
        "vars": [_document(var) for var in group.vars],
        "own_names": list(group.own_names),
        "hidden": group.hidden,
    }


def staged_line(out: Output, item: Staged) -> str:
    """A staged change among what is live."""
    value = None if item.action == actions.REMOVED else shown(out, item.value)
    return draft_shown.marked(out, draft_shown.assignment(out, item.name, value))


def shown(out: Output, value: str) -> str:
    """A value on one line; harmless where it goes to a terminal, exact elsewhere."""
    return visible(on_one_line(value)) if out.is_terminal else on_one_line(value)


def on_one_line(value: str) -> str:
    """`value` itself, or in double quotes with escapes where it would not be one line otherwise."""
    if not value.startswith('"') and not re.search("[\n\r]", value):
        return value
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(plain, escaped)
    return f'"{value}"'
