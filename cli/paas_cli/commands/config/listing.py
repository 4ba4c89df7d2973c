"""All config vars of an app, page by page, and what is staged; `config` and `config:export` share it.

The messages are those of paas.config.v1, read by hand for speed (see `wire`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from paas_cli import wire
from paas_cli.session import Session

CONFIG, MANAGED = 1, 2  # paas.config.v1.VarKind
_PATH = "/paas.config.v1.ConfigService/ListVars"


class Var(NamedTuple):
    """paas.config.v1.Var."""

    name: str = ""
    value: str = ""
    kind: int = 0
    addon: str = ""


class Moment(NamedTuple):
    """google.protobuf.Timestamp."""

    seconds: int = 0
    nanos: int = 0


class Staged(NamedTuple):
    """paas.config.v1.StagedVar."""

    name: str = ""
    action: int = 0
    value: str = ""
    staged_by: str = ""
    staged_at: Moment = Moment()
    replaces_newer: bool = False


class Request(NamedTuple):
    """paas.config.v1.ListVarsRequest."""

    app: str
    page_token: str = ""

    def SerializeToString(self) -> bytes:  # noqa: N802 - what generated messages call it
        """The message's bytes."""
        return wire.text(1, self.app) + wire.text(3, self.page_token)


class Answer(NamedTuple):
    """paas.config.v1.ListVarsResponse."""

    vars: tuple[Var, ...] = ()
    next_page_token: str = ""
    version: int = 0
    staged: tuple[Staged, ...] = ()

    @classmethod
    def FromString(cls, payload: bytes, /) -> "Answer":  # noqa: N802 - what generated messages call it
        """Read the message. Raises ValueError where it is none."""
        found: list[Var] = []
        staged: list[Staged] = []
        token, version = "", 0
        for number, content in wire.fields(payload):
            match number, content:
                case 1, bytes():
                    found.append(_var(content))
                case 2, bytes():
                    token = content.decode("utf-8")
                case 3, int():
                    version = content
                case 5, bytes():
                    staged.append(_staged(content))
        return cls(tuple(found), token, version, tuple(staged))


def _var(payload: bytes) -> Var:
    texts, numbers = _read(payload)
    return Var(name=_text(texts, 1), value=_text(texts, 2), kind=numbers.get(3, 0), addon=_text(texts, 4))


def _staged(payload: bytes) -> Staged:
    texts, numbers = _read(payload)
    _, moment = _read(texts.get(5, b""))
    return Staged(
        name=_text(texts, 1),
        action=numbers.get(2, 0),
        value=_text(texts, 3),
        staged_by=_text(texts, 4),
        staged_at=Moment(moment.get(1, 0), moment.get(2, 0)),
        replaces_newer=bool(numbers.get(6)),
    )


def _read(payload: bytes) -> tuple[dict[int, bytes], dict[int, int]]:
    """The last of each length-delimited and each varint field."""
    texts: dict[int, bytes] = {}
    numbers: dict[int, int] = {}
    for number, content in wire.fields(payload):
        if isinstance(content, int):
            numbers[number] = content
        else:
            texts[number] = content
    return texts, numbers


def _text(texts: Mapping[int, bytes], number: int) -> str:
    return texts.get(number, b"").decode("utf-8")


class Listing(NamedTuple):
    """All of an app's variables in the server's order, what is staged by name, and the version listed."""

    vars: list[Var]
    staged: tuple[Staged, ...]
    version: int


def fetch(session: Session) -> Listing:
    """Everything there is. Raises Failure."""
    found: list[Var] = []
    staged: tuple[Staged, ...] = ()
    request = Request(session.app)
    while True:
        answer = session.read(_PATH, request, Answer)
        found.extend(answer.vars)
        staged += answer.staged  # on the first page only
        if not answer.next_page_token:
            return Listing(found, staged, answer.version)
        request = Request(session.app, answer.next_page_token)
