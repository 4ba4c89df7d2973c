"""What may be asked for when a token is made or a person is signed in: the limits, all checked, all told at once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from paaskit.access import PERMISSIONS, ROLES
from paaskit.errors import FieldViolation, InvalidInput
from paaskit.requests import check_request_id
from paaskit.variables import check_app_name
from services.tokens import pat

MIN_TTL: Final = timedelta(minutes=1)
MAX_TTL: Final = timedelta(days=366)
MAX_OVERLAP: Final = timedelta(days=30)
MAX_APPS: Final = 100
MAX_PERMISSIONS: Final = 100

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._@:/+-]{0,62}[A-Za-z0-9._@:/+-])?\Z", re.ASCII)
_LOOKS_LIKE_AN_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_TENANT: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62})\Z")
_USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+@-]{0,127}\Z", re.ASCII)
_COULD_BE_A_PERMISSION: Final = re.compile(r"[a-z._-]{1,40}\Z")


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """A token somebody wants. No permissions: what CI needs; no apps: all the creator has; no ttl: the default."""

    request_id: str
    name: str
    ttl: timedelta | None = None
    permissions: Sequence[str] = ()
    apps: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class NewText:
    """A new text that somebody wants for the token of a name or id.

    No overlap: the default; one of zero: the text before ends now. No ttl: as long as the token before was to live.
    """

    request_id: str
    reference: str
    overlap: timedelta | None = None
    ttl: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A sign-in an operator wants for a person."""

    tenant: str
    user: str
    role: str
    ttl: timedelta


def check_new_token(wanted: NewToken) -> None:
    """Raise InvalidInput naming everything that is wrong with `wanted`."""
    _refuse([*_token_violations(wanted)], "token")


def check_new_text(wanted: NewText) -> None:
    """Raise InvalidInput naming everything that is wrong with `wanted`."""
    violations = [] if (wrong := check_request_id(wanted.request_id)) is None else [wrong]
    if wanted.overlap is not None and wanted.overlap and not MIN_TTL <= wanted.overlap <= MAX_OVERLAP:
        violations.append(FieldViolation("overlap", "must be zero, or from 1 minute to 30 days, such as 12h, 7d or 2w"))
    if wanted.ttl is not None:
        violations += _ttl_violations(wanted.ttl)
    _refuse(violations, "token")


def check_sign_in(asked: SignIn) -> None:
    """Raise InvalidInput naming everything that is wrong with `asked`."""
    violations = []
    if not is_tenant(asked.tenant):
        violations.append(FieldViolation("tenant", "must be 1 to 63 lower-case letters, digits and dashes"))
    if not is_user(asked.user):
        violations.append(FieldViolation("user", "must be 1 to 128 letters, digits and ._%+@-, such as an e-mail"))
    if asked.role not in ROLES:
        violations.append(FieldViolation("role", f"must be one of {', '.join(ROLES)}"))
    _refuse([*violations, *_ttl_violations(asked.ttl)], "sign-in")


def is_tenant(text: str) -> bool:
    """Whether a tenant may be called so."""
    return _TENANT.match(text) is not None


def is_user(text: str) -> bool:
    """Whether a person may be called so. The text of a token never is a name, which lists and logs would show."""
    return _USER.match(text) is not None and not text.startswith(pat.PREFIX)


def _token_violations(wanted: NewToken) -> Iterator[FieldViolation]:
    if (wrong := check_request_id(wanted.request_id)) is not None:
        yield wrong
    if not _NAME.match(wanted.name):
        yield FieldViolation(
            "name", "must be 1 to 64 letters, digits, inner spaces and ._@:/+-, a letter or digit first"
        )
    elif _LOOKS_LIKE_AN_ID.match(wanted.name) or wanted.name.startswith(pat.PREFIX):
        # `tokens:revoke` takes both names and ids; and the text of a token must not end up in lists and logs.
        yield FieldViolation("name", "must not look like a token or a token's id")
    if wanted.ttl is not None:
        yield from _ttl_violations(wanted.ttl)
    yield from scope_violations(wanted.permissions, wanted.apps)


def scope_violations(permissions: Sequence[str], apps: Sequence[str]) -> Iterator[FieldViolation]:
    """Yield what is wrong with what a token is to do, and with the apps it is to be limited to."""
    yield from _permission_violations(permissions)
    if len(apps) > MAX_APPS:
        yield FieldViolation("apps", f"names at most {MAX_APPS} apps")
        return
    for index, app in enumerate(apps):
        if (description := check_app_name(app)) is not None:
            yield FieldViolation(f"apps[{index}]", description)


def _permission_violations(permissions: Sequence[str]) -> Iterator[FieldViolation]:
    there_are = f"there are {', '.join(sorted(PERMISSIONS))}"
    if len(permissions) > MAX_PERMISSIONS:
        yield FieldViolation("permissions", there_are)
        return
    for index, permission in enumerate(permissions):
        if permission not in PERMISSIONS:
            named = f"{permission} is" if _COULD_BE_A_PERMISSION.match(permission) else "is"
            yield FieldViolation(f"permissions[{index}]", f"{named} no permission; {there_are}")


def _ttl_violations(ttl: timedelta) -> Iterator[FieldViolation]:
    if not MIN_TTL <= ttl <= MAX_TTL:
        yield FieldViolation("ttl", "must be from 1 minute to 366 days, such as 12h, 90d or 2w")


def _refuse(violations: Sequence[FieldViolation], what: str) -> None:
    if violations:
        wrong = "; ".join(f"{each.field} {each.description}" for each in violations[:5])
        raise InvalidInput(f"The {what} can't be made as asked: {wrong}.", fields=violations)
