# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH109, PTH119
"""The entry point: run one command, turn what ends it into a sentence and an exit code.

A traceback never reaches the user, and a value never reaches an error.
"""

import os
import sys
import time
from collections.abc import Sequence

import click

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.output import Output
from paas_cli.program import program
from paas_cli.session import Surroundings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `paas` with `arguments` (default: the process's own) and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # values are UTF-8 whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    err = Output(sys.stderr, os.environ)
    try:
        exit_code = _run(arguments)
        sys.stdout.flush()
        return exit_code
    except Failure as failure:
        return _report(failure, err)
    except click.UsageError as error:
        return _report_misuse(error, err)
    except (KeyboardInterrupt, click.Abort):
        err.line("Interrupted.")
        return errors.INTERRUPTED
    except BrokenPipeError:  # the reader had enough, as in `paas audit | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except Exception as error:
        return _report_own_fault(error, err, arguments)


def _run(arguments: Sequence[str]) -> int:
    _check_text(arguments)
    result = program().main(list(arguments), prog_name="paas", standalone_mode=False, obj=_surroundings())
    return result if isinstance(result, int) else errors.DONE


def _surroundings() -> Surroundings:
    try:
        folder = os.getcwd()
    except FileNotFoundError:  # the folder we are in was deleted
        folder = os.sep
    return Surroundings(
        environ=os.environ,
        folder=folder,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        new_id=_new_id,
        sleep=time.sleep,
    )


def _new_id() -> str:
    from uuid import uuid4

    return str(uuid4())


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not UTF-8, naming the variable and never the value."""
    for position, argument in enumerate(arguments, 1):
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            name, equals, _ = argument.partition("=")
            is_name = bool(equals) and name.isascii() and name.isidentifier()
            what = f"The value of {name}" if is_name else f"Argument {position}"
            raise errors.Misuse(
                f"{what} is not UTF-8 text; variables hold text, so encode it, for example as base64."
            ) from None


def _report(failure: Failure, err: Output) -> int:
    sys.stdout.flush()
    label = "" if failure.exit_code == errors.INTERRUPTED else err.styled("error:", "red", "bold") + " "
    err.line(label + failure.sentence)
    if failure.show_details:
        for name, value in failure.details.items():
            err.line(f"  {name}: {value}")
    return failure.exit_code


def _report_misuse(error: click.UsageError, err: Output) -> int:
    from paas_cli.misuse import sentence

    hint = f" See `{error.ctx.command_path} --help`." if error.ctx and error.ctx.info_name != "paas" else ""
    err.line(err.styled("error:", "red", "bold") + f" {sentence(error)}{hint}")
    return errors.USAGE


def _report_own_fault(error: Exception, err: Output, arguments: Sequence[str]) -> int:
    """A fault of this program's: its kind, and with --debug its place. Its text could quote a value."""
    err.line(
        err.styled("error:", "red", "bold")
        + f" `paas` failed through a fault of its own ({type(error).__name__}); please report what you ran, without "
        "values, and the lines that --debug adds."
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
