"""`paas tokens:report`: end a token that got out, given its text, which is never an argument."""

from paas_cli.command import command as declare
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal import streams

# More than any token has, and enough to see that what comes is none.
_MOST = 64 * 1024


@declare("tokens:report", app=False)
def command(session: Session) -> None:
    """End a token that got out, given its text.

    Asks for the text without showing it, or reads it from standard input. Whoever has a token's
    text may end it, whosever it is, and every token made with it ends as well. It is told in the
    audit log of its owners. The answer is the same whether there is such a token or not.

    For example:
      paas tokens:report
      paas tokens:report < found.txt
    """
    run(session)


def run(session: Session) -> None:
    """Read the text, report it."""
    from paas.tokens.v1 import tokens_pb2

    session.check_sign_in()
    session.change(
        "/paas.tokens.v1.TokensService/ReportToken",
        tokens_pb2.ReportTokenRequest(secret=_text(session)),
        tokens_pb2.ReportTokenResponse,
        look=session.hint("audit --action tokens.leaked", about_app=False),
    )
    if session.as_json:
        session.out.json({"reported": True})
    else:
        session.out.prose("Reported: if this is a token of this platform, it has ended, and all made with it.")


def _text(session: Session) -> str:
    """The whole of what came, without the white space around it."""
    stdin = session.surroundings.stdin
    if stdin.isatty():
        from paas_cli.terminal import prompt

        given = prompt.hidden(session, "The token that got out (not shown): ")
        if given is None:
            raise Failure("More than one line came, and a token is one; nothing was reported, so copy it again, alone.")
    else:
        given = streams.read(stdin, _MOST).decode("ascii", "replace")
    text = given.strip()
    if not text:
        raise Failure("No token was given; nothing was reported.")
    if not text.startswith("paas_pat_") or len(text.split()) > 1:
        raise Failure("That is no token of this platform, which is one word that starts with paas_pat_.")
    return text
