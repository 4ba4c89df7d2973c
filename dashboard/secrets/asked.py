"""What a form asks of a secret: a fresh value that nobody has seen, or one that was given. Pure."""

from dataclasses import dataclass, field, replace
from typing import Final

from google.rpc import code_pb2
from starlette.datastructures import FormData

from dashboard.calls.refusals import Refusal
from paas_cli.errors import Misuse
from paas_cli.typed import durations
from paas_cli.typed.ends import End, Terms
from paas_cli.typed.names import value_fault

FORMATS: Final = (("base64", "base64"), ("hex", "hexadecimal digits"), ("alnum", "letters and digits"))
OVERLAPS: Final = (
    ("0", "ends with the release"),
    ("1h", "stays for an hour"),
    ("24h", "stays for 24 hours"),
    ("7d", "stays for 7 days"),
    ("30d", "stays for 30 days"),
)
ENDS: Final = (
    ("", "as long as the one before, where that was said"),
    ("never", "for ever"),
    ("30d", "for 30 days"),
    ("90d", "for 90 days"),
    ("180d", "for 180 days"),
    ("365d", "for 365 days"),
)
SHORTEST, LONGEST, DEFAULT_LENGTH = 16, 1024, 32
GIVEN: Final = "given"


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """A new value for a secret: `value`, or where it is None a random one."""

    request_id: str
    stage: bool
    overlap_seconds: int
    terms: Terms = Terms()
    length: int = DEFAULT_LENGTH
    format: str = FORMATS[0][0]
    value: str | None = field(default=None, repr=False)


def rotation(form: FormData) -> Rotation:
    """What the form asks for. Raises Refusal, which never has the value in it."""
    try:
        overlap = durations.seconds(str(form.get("overlap", "0")), option="How long the value before stays", zero=True)
    except Misuse as misuse:
        raise _refused(str(misuse)) from None
    common = Rotation(
        request_id=str(form.get("request_id", "")),
        stage=form.get("do") == "stage",
        overlap_seconds=overlap,
        terms=_terms(str(form.get("expires", ""))),
    )
    if form.get("source") == GIVEN:
        return _given(form, common)
    length, format_ = str(form.get("length", "")), str(form.get("format", ""))
    if not length.isdecimal() or not SHORTEST <= int(length) <= LONGEST:
        raise _refused(f"A random value has from {SHORTEST} to {LONGEST} bytes.")
    if format_ not in dict(FORMATS):
        raise _refused("A random value is written as base64, hex or alnum.")
    return replace(common, length=int(length), format=format_)


def _terms(expires: str) -> Terms:
    if expires not in dict(ENDS):
        raise _refused("A new value is good for one of the lengths of time there are to choose from.")
    if not expires:
        return Terms()
    return Terms(End() if expires == "never" else End(span=durations.seconds(expires, option="The end")))


def _given(form: FormData, common: Rotation) -> Rotation:
    # Browsers send the lines of a field with CRLF (HTML, 4.10.21.8).
    value = str(form.get("value", "")).replace("\r\n", "\n")
    if not value:
        raise _refused("No value was given. Paste one, or have a random one made.")
    fault = value_fault(value)
    if fault is not None:
        raise _refused(f"What was given {fault}.")
    return replace(common, value=value)


def _refused(sentence: str) -> Refusal:
    return Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=sentence)
