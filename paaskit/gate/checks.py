"""What the gate looks at: the peer's certificate, the carried identity, the permission, and what the request is about.

Pure functions of the headers and the request; must not do I/O.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from paaskit import access
from paaskit.access import Caller, Rule
from paaskit.errors import FieldViolation, InvalidInput, PermissionDenied, Unauthenticated
from paaskit.identity import HEADER, Identity
from paaskit.limits import Limits
from paaskit.variables import check_app_name, check_group_name

TOKEN_ENDS: Final = "x-paas-token-ends"  # noqa: S105  # the name of a trailer; no token
"""The trailer that says when the token in use ends, in seconds since 1970, where that is soon."""
SOON: Final = timedelta(days=7)
CLIENT_ADDRESS: Final = "x-paas-client-address"
"""The header in which the gateway says where somebody without a sign-in calls from."""
_LONGEST_ADDRESS: Final = 64
_PAT: Final = "pat"
_GROUP: Final = "group"
"""The field of a request that is about a shared group and no app."""
_SPIFFE: Final = b"spiffe://paas/"


def missing_permission(rule: Rule, identity: Identity | None) -> PermissionDenied | None:
    """Return the denial of a user who lacks the method's permission, which the headers alone tell."""
    if identity is not None and rule.permission and rule.permission not in identity.permissions:
        return access.permission_missing(identity.subject, rule.permission)
    return None


def check(rule: Rule, limits: Limits | None, caller: Caller, request: Any) -> None:
    """Refuse what the caller may not ask for, as far as the request itself tells. Raises PaasError."""
    identity = caller.identity
    if limits is not None:
        limits.check(request)
    if identity is not None and rule.public:
        _check_app(identity, rule.app_of(request), field=rule.app_field)
    elif identity is not None:
        _check_carried(identity, rule.app_of(request), request)


def _check_app(identity: Identity, app: str, *, field: str) -> None:
    what, problem = ("group", check_group_name(app)) if field == _GROUP else ("app", check_app_name(app))
    if app and problem is not None:
        # Nothing can be called that, so nobody has to look for it, or repeat it in an error.
        raise InvalidInput(f"There can be no {what} of that name: {problem}.", fields=[FieldViolation(field, problem)])
    if app and not identity.may_touch(app):
        raise access.limited_to_other_apps(identity.subject)


def _check_carried(identity: Identity, app: str, request: Any) -> None:
    """Refuse a service that acts for a user on what is not the user's."""
    app_id = getattr(request, "app_id", "")
    foreign = getattr(request, "tenant", identity.tenant) != identity.tenant
    stranger = bool(app_id) and identity.app_ids is not None and app_id not in identity.app_ids
    if foreign or stranger or (app and not identity.may_touch(app)):
        raise PermissionDenied("The identity carried along may not touch what the request is about.")


def ends_soon(identity: Identity, *, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return what an answer says of a token that ends within days: nothing of any other, so it costs nothing then.

    A person's sign-in is no such token: it is short by itself, and who uses it is there to sign in again.
    """
    if identity.kind != _PAT or identity.ends_at - now > SOON:
        return ()
    return ((TOKEN_ENDS, str(int(identity.ends_at.timestamp()))),)


def peer_of(context: Any) -> str:
    """Return the name in the peer's certificate, or nothing unless its one URI is one of ours (X509-SVID, section 2).

    Only URIs count: all alternative names together would also have a DNS name that reads like one.
    """
    names = list(context.auth_context().get("peer_uri", ()))
    if len(names) != 1 or not names[0].startswith(_SPIFFE):
        return ""
    return str(names[0][len(_SPIFFE) :].decode("ascii", "replace"))


def client_address(context: Any) -> str:
    """Return where a call without a sign-in comes from; empty where the gateway does not say so, or not once."""
    values = [value for key, value in context.invocation_metadata() or () if key == CLIENT_ADDRESS]
    return str(values[0])[:_LONGEST_ADDRESS] if len(values) == 1 else ""


def identity_header(context: Any) -> str:
    """Return the identity that a call carries, unverified; empty without one. Raises Unauthenticated for several."""
    values = [value for key, value in context.invocation_metadata() or () if key == HEADER]
    if len(values) > 1:
        raise Unauthenticated("The request carries more than one identity.")
    return str(values[0]) if values else ""
