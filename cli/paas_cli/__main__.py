# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH109, PTH119
"""The entry point: run one command, turn what ends it into a sentence and an exit code.

A traceback never reaches the user, and a value never reaches an error.
"""

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import click

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.program import program
from paas_cli.session import Surroundings
from paas_cli.terminal import streams
from paas_cli.terminal.output import Output
from paas_cli.terminal.streams import Standard, Unwritten


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `paas` with `arguments` (default: the process's own) and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with streams.standard() as standard:
        return _written_out(_ended(arguments, standard), standard)


def _ended(arguments: Sequence[str], standard: Standard) -> int:
    """The exit code of the command, whatever ended it; what is to be said about that has been said."""
    err = Output(standard.stderr, os.environ)
    try:
        return _run(arguments, standard)
    except Failure as failure:
        return _report(failure, standard, err)
    except click.UsageError as error:
        return _report_misuse(error, err)
    except (KeyboardInterrupt, click.Abort):
        err.prose("Interrupted; what was asked for was done." if standard.out.is_done else "Interrupted.")
        return errors.INTERRUPTED
    except Unwritten:
        return errors.DONE  # `_written_out` has the last word on that
    except Exception as error:
        return _report_own_fault(error, standard, err, arguments)


def _written_out(exit_code: int, standard: Standard) -> int:
    """Write what is left. Where that fails, 0 becomes 141 if the reader has gone, 1 if the output is all there was.

    A change stays done whether or not its report could be written, and never becomes a failure.
    """
    with suppress(Unwritten):
        standard.out.flush()
    lost = standard.out.lost
    if lost is None or exit_code != errors.DONE:  # what ended with another code has said why
        return exit_code
    err = Output(standard.stderr, os.environ)
    if standard.out.is_done:
        report = f"only the report of it could not be written to standard output ({lost.reason})"
        err.prose(f"{err.styled('note:', 'cyan')} What was asked for was done; {report}.")
    elif not lost.is_reader_gone:
        label = err.styled("error:", "red", "bold")
        err.prose(f"{label} The output could not be written to standard output ({lost.reason}).")
    if lost.is_reader_gone:
        return errors.READER_GONE
    return errors.DONE if standard.out.is_done else errors.FAILED


def _run(arguments: Sequence[str], standard: Standard) -> int:
    _check_text(arguments)
    result = program().main(list(arguments), prog_name="paas", standalone_mode=False, obj=_surroundings(standard))
    return result if isinstance(result, int) else errors.DONE


def _surroundings(standard: Standard) -> Surroundings:
    try:
        folder = os.getcwd()
    except FileNotFoundError:  # the folder we are in was deleted
        folder = os.sep
    return Surroundings(
        environ=os.environ,
        folder=folder,
        stdin=standard.stdin,
        stdout=standard.stdout,
        stderr=standard.stderr,
        done=standard.done,
        new_id=_new_id,
        sleep=time.sleep,
        now=time.time,
    )


def _new_id() -> str:
    from uuid import uuid4

    return str(uuid4())


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not UTF-8, naming the variable and never the value. What is a program's may be any."""
    ours = arguments[: arguments.index("--")] if arguments[:1] == ["run"] and "--" in arguments else arguments
    for position, argument in enumerate(ours):
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            from paas_cli.typed.credentials import is_plainly_a_name

            name, equals, _ = argument.partition("=")
            what = f"The value of {name}" if equals and is_plainly_a_name(name) else f"Argument {position}"
            raise errors.Misuse(
                f"{what if position else 'The command'} is not UTF-8 text; variables hold text, so encode it, for "
                "example as base64."
            ) from None


def _report(failure: Failure, standard: Standard, err: Output) -> int:
    from paas_cli.typed.credentials import masked

    with suppress(Unwritten):
        standard.out.flush()
    is_fault = failure.exit_code not in (errors.INTERRUPTED, errors.READER_GONE)
    label = err.styled("error:", "red", "bold") + " " if is_fault else ""
    err.prose(label + masked(failure.sentence))
    if failure.show_details:
        for name, value in failure.details.items():
            err.prose(f"  {name}: {masked(value)}", hanging=4)
    return failure.exit_code


def _report_misuse(error: click.UsageError, err: Output) -> int:
    from paas_cli.terminal.misuse import sentence
    from paas_cli.typed.credentials import masked

    hint = f" See `{error.ctx.command_path} --help`." if error.ctx and error.ctx.info_name != "paas" else ""
    err.prose(err.styled("error:", "red", "bold") + f" {masked(sentence(error))}{hint}")
    return errors.USAGE


def _report_own_fault(error: Exception, standard: Standard, err: Output, arguments: Sequence[str]) -> int:
    """A fault of this program's: its kind, and with --debug its place. Its text could quote a value."""
    before = "What was asked for was done, and then " if standard.out.is_done else ""
    err.prose(
        f"{err.styled('error:', 'red', 'bold')} {before}`paas` failed through a fault of its own "
        f"({type(error).__name__}); please report what you ran, without values, and the lines that --debug adds."
    )
    if "--debug" in arguments:
        trace = error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            err.line(f"  {os.path.basename(code.co_filename)}:{trace.tb_lineno} in {code.co_name}")
            trace = trace.tb_next
    return errors.FAILED


if __name__ == "__main__":
    sys.exit(main())
