"""The types a value may be of (`@type=number(min=1)`), and what is said of a value that is not.

No pattern of a file's own is ever run (`matches`): one that backtracks would keep whoever releases busy for hours. The
patterns here take time in proportion to a value's length. Must not put a value into a text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address
from typing import Final

from env_schema import bounds

Rule = Callable[[str], str | None]
"""What is wrong with a value, as the rest of a sentence about its name; None where it is fine."""

_MEMBERS_SHOWN: Final = 10
_DIGITS: Final = 400
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS: Final = frozenset({"t", "true", "yes", "on", "1", "f", "false", "no", "off", "0"})
_PORT: Final = re.compile(r"[0-9]{1,5}")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00-\x20]+")
_WEB: Final = re.compile(r"https?://(?![/?#])", re.IGNORECASE)
_EMAIL: Final = re.compile(r"[^\s@]{1,64}@[^\s@]+\.[^\s@.]+")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MD5: Final = re.compile(r"[0-9a-fA-F]{32}")
_SEMVER: Final = re.compile(
    r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


class TypeFault(Exception):
    """There is no such type, or it takes no such argument. The message is the rest of a sentence about the line."""


@dataclass(frozen=True, kw_only=True)
class ValueType:
    """A type. `form` is what every value of it is, and how long; `content` what else its arguments ask.

    Of a value that is sealed `form` alone is checked: whether a release is refused would answer one guess after the
    other at its content (`startsWith=a`, `startsWith=b`), for who may write the schema and not read the secret.
    """

    name: str
    form: tuple[Rule, ...] = ()
    content: tuple[Rule, ...] = ()

    def fault(self, value: str, *, sealed: bool = False) -> str | None:
        """Return what is wrong with a value, as the rest of a sentence about its name, or None."""
        for rule in self.form if sealed else (*self.form, *self.content):
            if (fault := rule(value)) is not None:
                return fault
        return None


class Arguments:
    """What stands in the parentheses of a type. What was not taken in the end is one too many."""

    def __init__(self, members: Sequence[str], options: Mapping[str, str]) -> None:
        self.members = tuple(members)
        self._left = dict(options)
        self._known: list[str] = []

    def whole(self, name: str) -> int | None:
        """Return an option that is a whole number from 0 on. Raises TypeFault."""
        text = self._take(name)
        if text is None:
            return None
        if re.fullmatch(r"[0-9]{1,9}", text) is None:
            raise TypeFault(f"has a {name} that is not a whole number")
        return int(text)

    def number(self, name: str) -> Decimal | None:
        """Return an option that is a number. Raises TypeFault."""
        text = self._take(name)
        if text is None:
            return None
        if _is_number(text):
            raise TypeFault(f"has a {name} that is not a number")
        return Decimal(text)

    def flag(self, name: str) -> bool:
        """Return an option that is `true` or `false`, which is also what it is where it is left out."""
        text = self._take(name)
        if text not in (None, "true", "false"):
            raise TypeFault(f"has a {name} that is neither true nor false")
        return text == "true"

    def text(self, name: str) -> str | None:
        """Return an option as it is."""
        return self._take(name)

    def end(self, type_: str) -> None:
        """Raise TypeFault where anything is left."""
        if self._left or (self.members and type_ != "enum"):
            takes = f"takes {', '.join(self._known)} alone" if self._known else "takes no argument"
            raise TypeFault(f"gives @type={type_} an argument that is not checked here: it {takes}")

    def _take(self, name: str) -> str | None:
        self._known.append(name)
        return self._left.pop(name, None)


def make(name: str, members: Sequence[str], options: Mapping[str, str]) -> ValueType:
    """Return the type `name(members, options)`. Raises TypeFault."""
    maker = _MAKERS.get(name)
    if maker is None:
        raise TypeFault(f"has a @type that is not one of {', '.join(_MAKERS)}")
    arguments = Arguments(members, options)
    form, content = maker(arguments)
    arguments.end(name)
    return ValueType(name=name, form=tuple(form), content=tuple(content))


Rules = tuple[list[Rule], list[Rule]]


def _string(arguments: Arguments) -> Rules:
    least, most = arguments.whole("minLength"), arguments.whole("maxLength")
    exactly = arguments.whole("isLength")
    start, end = arguments.text("startsWith"), arguments.text("endsWith")
    _refuse(bounds.of_texts(least, most, exactly, start=start, end=end))
    form: list[Rule] = []
    content: list[Rule] = []
    if least is not None:
        form.append(lambda value: f"has fewer than {least} characters" if len(value) < least else None)
    if most is not None:
        form.append(lambda value: f"has more than {most} characters" if len(value) > most else None)
    if exactly is not None:
        form.append(lambda value: f"has not exactly {exactly} characters" if len(value) != exactly else None)
    if start is not None:
        content.append(lambda value: None if value.startswith(start) else "does not begin as its type says")
    if end is not None:
        content.append(lambda value: None if value.endswith(end) else "does not end as its type says")
    return form, content


def _number(arguments: Arguments) -> Rules:
    least, most = arguments.number("min"), arguments.number("max")
    whole = arguments.flag("isInt")
    _refuse(bounds.of_numbers(least, most, whole=whole))
    content = _between(least, most)
    if whole:
        content.insert(
            0, lambda value: None if Decimal(value) == Decimal(value).to_integral_value() else "is not a whole number"
        )
    return [_is_number], content


def _is_number(value: str) -> str | None:
    fine = len(value) <= _DIGITS and _NUMBER.fullmatch(value) and abs(float(value)) != float("inf")
    return None if fine else "is not a number"


def _port(arguments: Arguments) -> Rules:
    least, most = arguments.number("min"), arguments.number("max")
    _refuse(bounds.of_ports(least, most))
    return [lambda value: None if _PORT.fullmatch(value) and int(value) < 65536 else "is not a port"], _between(
        least, most
    )


def _between(least: Decimal | None, most: Decimal | None) -> list[Rule]:
    rules: list[Rule] = []
    if least is not None:
        rules.append(lambda value: f"is less than {least}" if Decimal(value) < least else None)
    if most is not None:
        rules.append(lambda value: f"is more than {most}" if Decimal(value) > most else None)
    return rules


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise TypeFault(fault)


def _enum(arguments: Arguments) -> Rules:
    members = dict.fromkeys(arguments.members)
    if not members:
        raise TypeFault("has a @type=enum without members, such as enum(staging, production)")
    more = len(members) - _MEMBERS_SHOWN
    shown = ", ".join(list(members)[:_MEMBERS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return [], [lambda value: None if value in members else f"is not one of {shown}"]


def _ip(arguments: Arguments) -> Rules:
    version = arguments.text("version")
    if version not in (None, "4", "6"):
        raise TypeFault("has a version of @type=ip that is neither 4 nor 6")
    what = f"is not an IPv{version} address" if version else "is not an IP address"

    def rule(value: str) -> str | None:
        try:
            found = ip_address(value)
        except ValueError:
            return what
        return None if version is None or found.version == int(version) else what

    return [rule], []


def _iso_date(_: Arguments) -> Rules:
    def rule(value: str) -> str | None:
        try:
            datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            return "is not an ISO 8601 date"
        return None

    return [rule], []


def _boolean(_: Arguments) -> Rules:
    return [lambda value: None if value.strip().lower() in _BOOLEANS else "is not true or false"], []


def _url(_: Arguments) -> Rules:
    def rule(value: str) -> str | None:
        fine = _URL.fullmatch(value) and (_WEB.match(value) or not value.lower().startswith(("http:", "https:")))
        return None if fine else "is not a URL"

    return [rule], []


def _of_pattern(pattern: re.Pattern[str], fault: str) -> Callable[[Arguments], Rules]:
    return lambda _: ([lambda value: None if pattern.fullmatch(value) else fault], [])


_MAKERS: Final[Mapping[str, Callable[[Arguments], Rules]]] = {
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "url": _url,
    "email": _of_pattern(_EMAIL, "is not an email address"),
    "port": _port,
    "enum": _enum,
    "ip": _ip,
    "uuid": _of_pattern(_UUID, "is not a UUID"),
    "semver": _of_pattern(_SEMVER, "is not a semantic version"),
    "isoDate": _iso_date,
    "md5": _of_pattern(_MD5, "is not an MD5 hash"),
}

STRING: Final = make("string", (), {})
