"""`paas config`: the config vars of an app."""

import re

from paas_cli import actions, draft_shown
from paas_cli.command import command as declare
from paas_cli.commands.config.listing import CONFIG, MANAGED, Staged, fetch
from paas_cli.output import Output
from paas_cli.session import Session
from paas_cli.terminal_text import visible

_KINDS = {CONFIG: "config", MANAGED: "managed"}


@declare("config")
def command(session: Session) -> None:
    """List config vars.

    One NAME=value a line, in the order they were first set; those an add-on manages come last.
    A value with line breaks, or one that starts with a double quote, is shown in double quotes
    with escapes, so that one variable stays one line. What is staged is below what is live and
    marked (staged); elsewhere than on a terminal such a line starts with `# `, as a comment.

    For example:
      paas config -a web
      paas config -a web --json
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    listing = fetch(session)
    if session.as_json:
        document = [
            {"name": var.name, "value": var.value, "kind": _KINDS.get(var.kind, "unknown"), "addon": var.addon or None}
            for var in listing.vars
        ]
        staged = [draft_shown.document(item, item.value) for item in listing.staged]
        session.out.json({"app": session.app, "version": listing.version, "vars": document, "staged": staged})
        return
    if not listing.vars:
        session.note(f"{session.app} has no config vars.")
    draft = {item.name: item for item in listing.staged}
    for var in listing.vars:
        suffix = session.out.styled("   (managed by addon)", "dim") if var.kind == MANAGED else ""
        session.out.line(draft_shown.assignment(session.out, var.name, shown(session.out, var.value)) + suffix)
        if var.name in draft:
            session.out.line(staged_line(session.out, draft.pop(var.name)))
    for item in draft.values():
        session.out.line(staged_line(session.out, item))


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
