"""All config vars of an app, page by page, what is staged, and what it has of groups; every reader shares it.

The messages are those of paas.config.v1, read by hand for speed (see `wire`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from paas_cli.session import Session
from paas_cli.transport import wire

CONFIG, MANAGED = 1, 2  # paas.config.v1.VarKind
_PATH = "/paas.config.v1.ConfigService/ListVars"


class Moment(NamedTuple):
    """google.protobuf.Timestamp."""

    seconds: int = 0
    nanos: int = 0


class Var(NamedTuple):
    """paas.config.v1.Var."""

    name: str = ""
    value: str = ""
    kind: int = 0
    addon: str = ""
    version: int = 0
    updated_at: Moment = Moment()
    updated_by: str = ""


class Staged(NamedTuple):
    """paas.config.v1.StagedVar."""

    name: str = ""
    action: int = 0
    value: str = ""
    staged_by: str = ""
    staged_at: Moment = Moment()
    replaces_newer: bool = False


class GroupVars(NamedTuple):
    """paas.config.v1.GroupVars: what an app has of one shared group, but for secrets."""

    group: str = ""
    vars: tuple[Var, ...] = ()
    own_names: tuple[str, ...] = ()
    hidden: bool = False


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
    etag: str = ""
    groups: tuple[GroupVars, ...] = ()

    @classmethod
    def FromString(cls, payload: bytes, /) -> "Answer":  # noqa: N802 - what generated messages call it
        """Read the message. Raises ValueError where it is none."""
        found: list[Var] = []
        staged: list[Staged] = []
        groups: list[GroupVars] = []
        token, version, etag = "", 0, ""
        for number, content in wire.fields(payload):
            match number, content:
                case 1, bytes():
                    found.append(_var(content))
                case 2, bytes():
                    token = content.decode("utf-8")
                case 3, int():
                    version = content
                case 4, bytes():
                    etag = content.decode("utf-8")
                case 5, bytes():
                    staged.append(_staged(content))
                case 6, bytes():
                    groups.append(_group(content))
        return cls(tuple(found), token, version, tuple(staged), etag, tuple(groups))


def _group(payload: bytes) -> GroupVars:
    found: list[Var] = []
    own: list[str] = []
    name, hidden = "", False
    for number, content in wire.fields(payload):
        match number, content:
            case 1, bytes():
                name = content.decode("utf-8")
            case 2, bytes():
                found.append(_var(content))
            case 3, bytes():
                own.append(content.decode("utf-8"))
            case 4, int():
                hidden = bool(content)
    return GroupVars(name, tuple(found), tuple(own), hidden)


def _var(payload: bytes) -> Var:
    texts, numbers = _read(payload)
    return Var(
        name=_text(texts, 1),
        value=_text(texts, 2),
        kind=numbers.get(3, 0),
        addon=_text(texts, 4),
        version=numbers.get(5, 0),
        updated_at=_moment(texts, 6),
        updated_by=_text(texts, 7),
    )


def _staged(payload: bytes) -> Staged:
    texts, numbers = _read(payload)
    return Staged(
        name=_text(texts, 1),
        action=numbers.get(2, 0),
        value=_text(texts, 3),
        staged_by=_text(texts, 4),
        staged_at=_moment(texts, 5),
        replaces_newer=bool(numbers.get(6)),
    )


def _moment(texts: Mapping[int, bytes], number: int) -> Moment:
    _, numbers = _read(texts.get(number, b""))
    return Moment(numbers.get(1, 0), numbers.get(2, 0))


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
    """All of an app's variables in the server's order, what is staged by name, the version listed, and its etag.

    `groups` is what it has of shared groups, in the order they were attached: of two that have a name, the first wins.
    """

    vars: list[Var]
    staged: tuple[Staged, ...]
    version: int
    etag: str = ""
    groups: tuple[GroupVars, ...] = ()

    def from_groups(self) -> "list[tuple[Var, str]]":
        """The config vars it gets of groups, each with the group's name; one that it has itself is none of them."""
        own = {var.name for var in self.vars}
        found: dict[str, tuple[Var, str]] = {}
        for group in self.groups:
            for var in group.vars:
                if var.name not in own:
                    found.setdefault(var.name, (var, group.group))
        return list(found.values())

    @property
    def hidden_groups(self) -> list[str]:
        """The groups whose variables the caller may not see."""
        return [group.group for group in self.groups if group.hidden]


def groups_of(session: Session) -> tuple[GroupVars, ...]:
    """What the app has of groups, for who needs nothing else; they are on the first page. Raises Failure."""
    return session.read(_PATH, Request(session.app), Answer).groups


def fetch(session: Session) -> Listing:
    """Everything there is. Raises Failure."""
    found: list[Var] = []
    staged: tuple[Staged, ...] = ()
    groups: tuple[GroupVars, ...] = ()
    request = Request(session.app)
    while True:
        answer = session.read(_PATH, request, Answer)
        found.extend(answer.vars)
        staged += answer.staged  # on the first page only, as are groups
        groups += answer.groups
        if not answer.next_page_token:
            return Listing(found, staged, answer.version, answer.etag, groups)
        request = Request(session.app, answer.next_page_token)
