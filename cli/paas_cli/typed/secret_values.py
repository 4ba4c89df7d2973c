# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH123
r"""Where the value of a secret comes from: standard input, a file, or a prompt that does not echo.

A command line can be read by every process of the machine and stays in the shell's history; these three can't. One
rule for all of them: one line ending at the end is taken off, `\n` or `\r\n`, and nothing at all is refused,
because it is more often a command that failed than a value. Must not show a value, nor a path, which may be a value
that was mistyped.
"""

from dataclasses import dataclass

from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session
from paas_cli.terminal import streams
from paas_cli.typed.names import MAX_VALUE_BYTES

# Enough to tell a value that is too long from one that is not.
_READ = MAX_VALUE_BYTES * 2


@dataclass(frozen=True)
class Wanted:
    """The secret a value is for: what to call it in an error, and the options its command was given.

    `ways` are the ones beside a prompt, where they are not those of `secrets:set`.
    """

    name: str
    label: str
    options: str
    ways: str = ""

    @property
    def word(self) -> str:
        """The name as far as it is shown."""
        return self.name if self.label == self.name else "NAME"


def from_stdin(session: Session, wanted: Wanted) -> str:
    """Everything on standard input, less one line ending. Raises Failure where nothing comes."""
    stdin = session.surroundings.stdin
    if stdin.isatty():
        session.note(f"Type the value of {wanted.label}, then Enter and Ctrl-D.")
    return _value(streams.read(stdin, _READ), session, wanted, source="on standard input")


def from_file(path: str, session: Session, wanted: Wanted) -> str:
    """The bytes of a file as UTF-8 text, less one line ending. Raises Failure where it is empty."""
    try:
        with open(path, "rb") as file:
            content = file.read(_READ)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such path"
        raise Failure(f"The file for {wanted.label} can't be read: {reason.lower()}.") from None
    return _value(content, session, wanted, source="from the file")


def from_prompt(session: Session, wanted: Wanted) -> str:
    """What is typed on the terminal. Raises Misuse where there is none, Failure where it is empty or not one line."""
    ways = wanted.ways or f"pipe it in with {wanted.word}=-, or name a file with {wanted.word}=@path"
    if not session.surroundings.stdin.isatty():
        raise Misuse(f"Nothing was changed: {wanted.label} has no value, and there is no terminal to ask on; {ways}.")
    from paas_cli.terminal import prompt

    line = prompt.hidden(session, f"Value of {wanted.name} (not shown): ")
    if line is None:
        cut = "has more than the one line that a prompt takes"
        raise Failure(f"Nothing was changed: the value of {wanted.label} {cut}; {ways}.")
    return _value(line.encode("utf-8", "surrogateescape"), session, wanted, source="at the prompt")


def _value(content: bytes, session: Session, wanted: Wanted, *, source: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end >= _READ:  # cut in the middle of a character: far too long, which the check says
            return content.decode("utf-8", "replace")
        raise Failure(f"The value of {wanted.label} is not UTF-8 text; encode it, for example as base64.") from None
    value = text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
    if not value:
        empty = session.hint(f"secrets:set {wanted.word}={wanted.options}")
        raise Failure(
            f"Nothing was changed: nothing came {source} for {wanted.label}; to seal an empty value, type {empty}."
        )
    return value
