"""All config vars of an app, page by page; `config` and `config:export` share it.

The messages are those of paas.config.v1, read by hand for speed (see `wire`).
"""

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

    @classmethod
    def FromString(cls, payload: bytes, /) -> "Answer":  # noqa: N802 - what generated messages call it
        """Read the message. Raises ValueError where it is none."""
        found: list[Var] = []
        token, version = "", 0
        for number, content in wire.fields(payload):
            match number, content:
                case 1, bytes():
                    found.append(_var(content))
                case 2, bytes():
                    token = content.decode("utf-8")
                case 3, int():
                    version = content
        return cls(tuple(found), token, version)


def _var(payload: bytes) -> Var:
    texts, kind = {1: "", 2: "", 4: ""}, 0
    for number, content in wire.fields(payload):
        if isinstance(content, int):
            kind = content if number == 3 else kind
        elif number in texts:
            texts[number] = content.decode("utf-8")
    return Var(name=texts[1], value=texts[2], kind=kind, addon=texts[4])


def fetch(session: Session) -> tuple[list[Var], int]:
    """The variables in the server's order, and the version listed. Raises Failure."""
    found: list[Var] = []
    request = Request(session.app)
    while True:
        answer = session.read(_PATH, request, Answer)
        found.extend(answer.vars)
        if not answer.next_page_token:
            return found, answer.version
        request = Request(session.app, answer.next_page_token)
