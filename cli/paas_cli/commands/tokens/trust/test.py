"""`paas tokens:trust test`: why a job's token is taken, or why not."""

from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.commands.tokens.trust import shown
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.tokens.v1.tokens_pb2 import Verdict


@declare("tokens:trust:test", app=False)
@click.argument("trust", metavar="NAME|ID")
@click.option("--token-file", metavar="FILE", help="Where the job's token is; without it on standard input.")
def command(session: Session, *, trust: str, token_file: str | None) -> None:
    """Say claim by claim whether a job's token is taken.

    The token is never an argument, and is not used up: nothing is given for it. One that has ended
    will do, to see what it says. Exit code 1 where it would not be exchanged now.

    For example:
      paas tokens:trust test app < id-token
    """
    run(session, trust, shown.given_token(token_file, session))


def run(session: Session, trust: str, token: str) -> None:
    """Ask, and show each verdict. Raises Failure where the token would not be taken."""
    from paas.tokens.v1 import tokens_pb2

    request = tokens_pb2.TestTrustRequest(trust=trust, subject_token=token)
    answer = session.read("/paas.tokens.v1.TrustsService/TestTrust", request, tokens_pb2.TestTrustResponse)
    if session.as_json:
        verdicts = [
            {"about": each.about, "passed": each.passed, "expected": each.expected, "found": each.found}
            for each in answer.verdicts
        ]
        session.out.json({"accepted": answer.accepted, "verdicts": verdicts})
    else:
        for each in answer.verdicts:
            session.out.line(_line(each, session))
    session.out.flush()
    if not answer.accepted:
        raise Failure("This token would not be exchanged: see what is marked ✗.")


def _line(verdict: "Verdict", session: Session) -> str:
    if verdict.passed:
        return f"{session.out.styled('✓', 'green')} {visible(verdict.about)}: {visible(verdict.found)}"
    wanted = f"wanted {visible(verdict.expected)}, found {visible(verdict.found) or 'nothing'}"
    return f"{session.out.styled('✗', 'red')} {visible(verdict.about)}: {wanted}"
