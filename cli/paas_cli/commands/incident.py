"""`paas incident`: what could have been read, and what is left to do about it. It changes nothing by itself."""

from typing import Any

import click

from paas_cli import errors
from paas_cli.command import command as declare
from paas_cli.commands.tokens.shown import check_reference
from paas_cli.errors import Misuse
from paas_cli.incident import document, rules, shown
from paas_cli.incident.asking import Question, facts
from paas_cli.incident.by_session import BySession
from paas_cli.session import Session
from paas_cli.typed import moments


@declare("incident", app=False)
@click.option("--token", default="", metavar="NAME|ID", help="A token in the wrong hands.")
@click.option("--user", default="", metavar="PERSON", help="A person: their sign-ins and every token they made.")
@click.option("--since", metavar="WHEN", help="Only from then on; alone, whoever it was: 24h ago, or 2026-11-01.")
@click.option("--until", metavar="WHEN", help="Only before then.")
@click.option("-a", "--app", default="", metavar="APP", help="Only this app.")
def command(session: Session, **given: Any) -> None:
    """List what could have been read, and what to do.

    Give a token, a person or a time. You get what was read and what else could have been, what
    was changed, and a checklist: revoke, rotate, release. Each step has the command that does
    it; nothing is done by itself. Run it again to see what is done: the last line says when all
    is. It exits 0 then, and with 1 while a step is left.

    A token is named by its name or id, never by its text; it may have ended long ago. What was
    done with tokens that were made with it counts as well. --since and --until narrow what was
    read and done, and take what those of `paas audit` do; what was rotated since is looked for
    until now. PAAS_APP and .paas.toml do not count here.

    Elsewhere than on a terminal: one fact a line, separated by tabs. No value is ever shown.

    For example:
      paas incident --token github-ci
      paas incident --user ada@example.com --since 7d
      paas incident --since 2026-11-01T13:42Z
    """
    run(session, question(given, session))


def question(given: dict[str, Any], session: Session) -> Question:
    """What is asked. Raises Misuse where nothing or too much is."""
    now = session.surroundings.now()
    if given["token"] and given["user"]:
        raise Misuse("--token and --user are two incidents; ask about one at a time.")
    if not given["token"] and not given["user"] and not given["since"]:
        raise Misuse("Say what the incident is about: --token NAME, --user PERSON or --since WHEN.")
    for option in ("token", "user"):
        check_reference(given[option], session)
    times = {
        each: given[each] and moments.moment(given[each], option=f"--{each}", now=now) for each in ("since", "until")
    }
    if times["since"] and times["until"] and times["until"] <= times["since"]:
        raise Misuse("--until is not after --since, so nothing can be between them; swap them, or correct one.")
    return Question(token=given["token"], user=given["user"], app=given["app"], **times)


def run(session: Session, asked: Question) -> None:
    """Find out, tell. Exits with 1 while something is left to do."""
    found = facts(BySession(session), asked)
    steps = rules.steps(found)
    if session.as_json:
        session.out.json(document.document(found, steps, session))
    elif session.out.is_terminal:
        shown.Page(session, found, steps).write()
    else:
        for line in shown.lines(found, steps, session):
            session.out.line(line)
    if not rules.are_done(steps):
        click.get_current_context().exit(errors.FAILED)
