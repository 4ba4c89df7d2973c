"""`paas schema:check`: hold an app, or a .env file, against a schema."""

from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.dotenv import source
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed
from paas_cli.variables import schema_file, schema_verdict, sides
from paas_cli.variables.schema_verdict import Verdict


@dataclass(frozen=True)
class CheckOptions:
    """The file with the schema, and the one with variables; None: the app's."""

    file: str
    env_file: str | None


@declare("schema:check")
@click.argument("file", default=schema_file.NAME, metavar="[FILE]")
@click.option("--env-file", metavar="FILE", help="Check this .env file instead of the app; needs no sign-in.")
def command(session: Session, *, file: str, env_file: str | None) -> None:
    """Hold an app, or a .env file, against a schema.

    FILE is a schema, .env.schema unless another is named; `-` is standard input. Every variable
    that is not as it says is named with what is wrong, and the exit code is 1. Of an app, with
    what it gets of groups, config vars are checked whole; of secrets, that they are there, and
    that what is @sensitive is one. Their values are not read; a release checks their types. No
    value is shown.

    For example:
      paas schema:check -a web
      paas schema:check --env-file .env
      paas schema -a web | paas schema:check - -a web-staging
    """
    if env_file is not None and session.flags.app is not None:
        raise Misuse("Both --env-file and -a/--app are given; check either.")
    if env_file == file == "-":
        raise Misuse("The schema and the .env file can't both come from standard input.")
    run(CheckOptions(file, env_file), session)


def run(options: CheckOptions, session: Session) -> None:
    """Read, compare, print. Raises Failure where anything is not as it should be."""
    _, schema = schema_file.read(options.file, session)
    if options.env_file is not None:
        verdict = schema_verdict.of_file(schema, source.read(options.env_file, "dotenv", session).values)
        what = source.shown(options.env_file)
    else:
        verdict = schema_verdict.of_app(schema, sides.environment(session))
        what = visible(session.app)
    _tell(verdict, options, session)
    count = len(verdict.violations)
    if count:
        are = "1 variable of it is" if count == 1 else f"{count} variables of it are"
        raise Failure(f"{what} is not as {schema_file.shown(options.file)} says: {are} wrong.")
    if not session.as_json:
        session.out.line(f"{what} is as {schema_file.shown(options.file)} says")


def _tell(verdict: Verdict, options: CheckOptions, session: Session) -> None:
    if session.as_json:
        document = {
            "app": session.app if options.env_file is None else None,
            "env_file": options.env_file,
            "file": options.file,
            "violations": [
                {"name": each.name, "rule": each.rule.value, "fault": each.fault} for each in verdict.violations
            ],
            "undeclared": list(verdict.undeclared),
        }
        session.out.json(document)
        return
    for each in verdict.violations:
        session.out.line(f"{session.out.styled(visible(each.name), 'cyan')} {visible(each.fault)}")
    if verdict.undeclared:
        session.note(f"The schema says nothing of {visible(listed(verdict.undeclared))}.")
