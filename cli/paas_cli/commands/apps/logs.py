"""`paas logs`: what the instances of an app write, the values of its variables masked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.transport.patience import Patience
from paas_transport.rpc_error import RpcError, SignInRenewed

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import ReadLogsRequest, ReadLogsResponse

_PATH = "/paas.releaser.v1.ReleaserService/ReadLogs"
_MOST = 1000  # the most that the service gives of each instance


@dataclass(frozen=True)
class LogOptions:
    """How many lines of each instance, of which (None for all), and whether to go on."""

    lines: int
    instance: int | None
    follow: bool


@declare("logs")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, _MOST),
    default=100,
    metavar="N",
    help="How many; default 100, at most 1000.",
)
@click.option("-i", "--instance", type=click.IntRange(1), metavar="N", help="Of this instance alone.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
def command(session: Session, *, lines: int, instance: int | None, follow: bool) -> None:
    """Show what the instances of an app wrote.

    The last lines of each, and with --follow what they write from then on, those of later releases
    too. Values of the app's variables are masked; what a program made of a value can't be known.
    Elsewhere than on a terminal: instance, release and line, separated by tabs; with --json --follow
    one document a line.

    For example:
      paas logs -a web
      paas logs -a web -f -n 0
    """
    run(LogOptions(lines, instance, follow), session)


def run(options: LogOptions, session: Session) -> None:
    """Fetch and print. Raises Failure."""
    if options.follow:
        for answer in _to_come(options, session):
            _show(session, answer)
            session.out.flush()
        return
    found = list(_answers(options, session))
    if session.as_json:
        lines = [_document(answer, line) for answer in found for line in answer.lines]
        session.out.json({"app": session.app, "lines": lines})
        return
    if not any(answer.lines for answer in found):
        session.note(f"The instances of {session.app} have written nothing; {session.hint('ps')} shows them.")
    for answer in found:
        _show(session, answer)


def _request(options: LogOptions, session: Session) -> "ReadLogsRequest":
    from paas.releaser.v1 import releaser_pb2

    return releaser_pb2.ReadLogsRequest(
        app=session.app, lines=options.lines, instance=options.instance or 0, follow=options.follow
    )


def _answers(options: LogOptions, session: Session) -> "Iterator[ReadLogsResponse]":
    """What there is now. Raises Failure."""
    from paas.releaser.v1 import releaser_pb2

    try:
        yield from session.stream(_PATH, _request(options, session), releaser_pb2.ReadLogsResponse)
    except RpcError as error:
        raise session.failure(error, effect=None) from None


def _to_come(options: LogOptions, session: Session) -> "Iterator[ReadLogsResponse]":
    """What is written from now on, across broken connections. Raises Failure once these don't heal."""
    from paas.releaser.v1 import releaser_pb2

    patience = Patience(session)
    while True:
        broke: RpcError | None = None
        patience.begin()
        try:
            for answer in session.stream(_PATH, _request(options, session), releaser_pb2.ReadLogsResponse):
                patience.answered()
                # What was shown is not shown again; what is written while the connection is away is not seen.
                options = replace(options, lines=0)
                yield answer
        except SignInRenewed:
            continue
        except RpcError as error:
            broke = error
        patience.wait(broke)


def _show(session: Session, answer: "ReadLogsResponse") -> None:
    out = session.out
    for line in answer.lines:
        if session.as_json:
            out.json(_document(answer, line), indent=None)
        elif out.is_terminal:
            out.line(f"{out.styled(f'{answer.instance} v{answer.release} |', 'cyan')} {visible(line)}")
        else:
            out.line(f"{answer.instance}\tv{answer.release}\t{visible(line)}")


def _document(answer: "ReadLogsResponse", line: str) -> dict[str, object]:
    return {"instance": answer.instance, "release": answer.release, "line": line}
