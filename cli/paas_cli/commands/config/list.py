"""`paas config`: the config vars of an app."""

import re

from paas_cli.command import command as declare
from paas_cli.commands.config.listing import CONFIG, MANAGED, fetch
from paas_cli.output import Output
from paas_cli.session import Session
from paas_cli.terminal_text import visible

_KINDS = {CONFIG: "config", MANAGED: "managed"}


@declare("config")
def command(session: Session) -> None:
    """List config vars.

    One NAME=value a line, in the order they were first set; those an add-on manages come last.
    A value with line breaks, or one that starts with a double quote, is shown in double quotes
    with escapes, so that one variable stays one line.

    For example:
      paas config -a web
      paas config -a web --json
    """
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    listed, version = fetch(session)
    if session.as_json:
        document = [
            {"name": var.name, "value": var.value, "kind": _KINDS.get(var.kind, "unknown"), "addon": var.addon or None}
            for var in listed
        ]
        session.out.json({"app": session.app, "version": version, "vars": document})
        return
    if not listed:
        session.note(f"{session.app} has no config vars.")
    for var in listed:
        is_managed = var.kind == MANAGED
        session.out.line(_line(session.out, var.name, var.value, is_managed=is_managed))


def _line(out: Output, name: str, value: str, *, is_managed: bool) -> str:
    shown = on_one_line(value)
    if out.is_terminal:
        shown = visible(shown)
    suffix = out.styled("   (managed by addon)", "dim") if is_managed else ""
    return f"{out.styled(visible(name), 'cyan')}={shown}{suffix}"


def on_one_line(value: str) -> str:
    """`value` itself, or in double quotes with escapes where it would not be one line otherwise."""
    if not value.startswith('"') and not re.search("[\n\r]", value):
        return value
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(plain, escaped)
    return f'"{value}"'
