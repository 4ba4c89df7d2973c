"""`paas groups:info`: a shared group, what it holds, and which apps have it."""

from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.groups import document, uses
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from paas_cli.variables import absent
from paas_cli.variables.sides import CONFIG, SECRET

if TYPE_CHECKING:
    from paas.config.v1.groups_pb2 import GetGroupResponse, GroupUse


@declare("groups:info", app=False)
@click.argument("name", metavar="NAME")
def command(session: Session, *, name: str) -> None:
    """Show a group, and which apps have it.

    The names of its variables as far as you may list them, and of each app the names that it has
    itself: there its own value wins, and a change of the group's restarts nothing. Values are
    shown by `paas config -a NAME`.

    For example:
      paas groups:info shared
      paas groups:info shared --json
    """
    session.choose_app(name)
    run(session)


def run(session: Session) -> None:
    """Fetch and print."""
    answer = uses.fetch(session)
    config, secrets = absent.listed_config(session), absent.listed_secrets(session)
    if session.as_json:
        session.out.json(_document(answer, config, secrets))
        return
    session.out.facts([(name, value) for name, value in _facts(answer, config, secrets) if value])
    if not answer.used_by and not answer.hidden_apps:
        attach = session.of_app("APP").hint(f"groups:attach {answer.group.name}")
        session.note(f"No app has it; {attach} gives it to one.")


def _facts(answer: "GetGroupResponse", config: list[str], secrets: list[str]) -> list[tuple[str, str]]:
    group = answer.group
    more = "and " if answer.used_by else ""
    unlisted = group.names - len(config) - len(secrets)
    return [
        ("name", visible(group.name)),
        ("config vars", ", ".join(map(visible, config))),
        ("secrets", ", ".join(map(visible, secrets))),
        ("more", f"{unlisted} that you may not list" if unlisted > 0 else ""),
        *(("used by", _used_by(use)) for use in answer.used_by),
        ("used by", f"{more}{uses.hidden(answer.hidden_apps)}" if answer.hidden_apps else ""),
        ("version", str(group.version)),
        ("created", times.to_second(group.created_at)),
    ]


def _used_by(use: "GroupUse") -> str:
    return f"{visible(use.app)} ({uses.own_wins(use.own_names)})" if use.own_names else visible(use.app)


def _document(answer: "GetGroupResponse", config: list[str], secrets: list[str]) -> dict[str, object]:
    kinds = [*((name, CONFIG) for name in config), *((name, SECRET) for name in secrets)]
    return {
        "group": document.group(answer.group),
        "variables": [{"name": name, "kind": kind} for name, kind in kinds],
        "used_by": [{"app": use.app, "own_names": list(use.own_names)} for use in answer.used_by],
        "hidden_apps": answer.hidden_apps,
    }
