"""Every method as somebody who may not, and with a request that can't be met: each in a tenant of its own.

So whatever is in that tenant's log is of that one call, and all of them can be made at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2, groups_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from tests.access import table
from tests.access.callers import EVERY_PERMISSION
from tests.access.finders import finders, found_by, request_for
from tests.access.methods import Method, every_method
from tests.access.recorded.table import DENIED, REFUSED

_NO_TOKEN: Final = f"paas_pat_{'A' * 36}"
# Where a request has to be wrong in its own way to be refused by what it asks for.
_WRONG: Final[dict[str, Message]] = {
    "CreateApp": config_pb2.CreateAppRequest(request_id="r", app="No App"),
    "CreateGroup": groups_pb2.CreateGroupRequest(request_id="r", group="No Group"),
    "ListGroups": groups_pb2.ListGroupsRequest(page_token="A" * 60),
    "ListApps": config_pb2.ListAppsRequest(page_token="A" * 60),
    "ListEvents": audit_pb2.ListEventsRequest(action="apps.creates"),
    "FollowEvents": audit_pb2.FollowEventsRequest(action="apps.creates"),
    "SummarizeEvents": audit_pb2.SummarizeEventsRequest(actions=["apps.creates"]),
    "ReadLogFile": audit_pb2.ReadLogFileRequest(path="tile/no"),
    "GetReceipt": audit_pb2.GetReceiptRequest(event_id="nowhere"),
    "RotateKeys": secrets_pb2.RotateKeysRequest(),
    "ShredKeys": secrets_pb2.ShredKeysRequest(request_id="r", confirm="somebody else"),
    "CreateToken": tokens_pb2.CreateTokenRequest(request_id="r", name="paas_pat_"),
    "ListTokens": tokens_pb2.ListTokensRequest(page_token="A" * 60),
    "EndSessions": tokens_pb2.EndSessionsRequest(user="nobody at all"),
    "FindTokens": tokens_pb2.FindTokensRequest(tokens=["x" * 300]),
    "ListTrusts": tokens_pb2.ListTrustsRequest(page_token="A" * 60),
    "CreateTrust": tokens_pb2.CreateTrustRequest(request_id="r", name="jobs", issuer="https://nowhere.example.com"),
    "ExchangeToken": tokens_pb2.ExchangeTokenRequest(trust="nowhere", subject_token="a.b.c"),
    "IssueSignIn": tokens_pb2.IssueSignInRequest(user="ada@example.com", role="queen"),
}
# What is asked of an app that is not there is done already, or has nothing: they refuse what is no message.
_NOTHING_THERE: Final = {
    "ConfigInternalService/ReleaseNames",
    "ReleaserInternalService/RemoveApp",
    *(
        f"SecretsInternalService/{name}"
        for name in (
            "DeleteManagedValue",
            "GetDraft",
            "PurgeApp",
            "ReleaseDraft",
            "ResolveForRelease",
            "RestoreVersion",
            "RevertChanges",
        )
    ),
}


class Garbage:
    """What is a message of no method."""

    @staticmethod
    def SerializeToString() -> bytes:  # noqa: N802  # as messages have it
        """Bytes that begin a field and end."""
        return b"\xff"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call that does not succeed. `permissions` is None where no identity is carried."""

    method: Method
    way: str
    tenant: str
    certificate: str
    permissions: frozenset[str] | None
    request: Any


def attempts() -> Iterator[Attempt]:
    """Each method that is served, denied and refused."""
    for number, method in enumerate(each for each in every_method() if each.path not in table.NOBODY):
        for way in (DENIED, REFUSED):
            tenant = f"{way}-{number}"
            certificate, permissions = _caller(method.path, way)
            yield Attempt(
                method=method,
                way=way,
                tenant=tenant,
                certificate=certificate,
                permissions=permissions,
                request=_request(method, way, tenant),
            )


def _caller(path: str, way: str) -> tuple[str, frozenset[str] | None]:
    if path in table.USERS:
        needed = table.USERS[path]
        if way == REFUSED:
            return "gateway", EVERY_PERMISSION
        return "gateway", EVERY_PERMISSION - {needed} if needed else None
    if path in table.ANY_CERTIFICATE:
        return ("operator" if way == REFUSED else "no-certificate"), None
    callers = table.SERVICES.get(path, {"gateway"})
    if way == REFUSED:
        return min(callers), None
    # Whoever has another certificate gains nothing by an admin's identity.
    return min({"gateway", "provisioner", "config"} - callers), EVERY_PERMISSION


def _request(method: Method, way: str, tenant: str) -> Any:
    name = method.descriptor.name
    if way == REFUSED and name in _WRONG and method.path.startswith("/paas."):
        return _told_tenant(_WRONG[name], tenant)
    if way == REFUSED and method.path.rsplit(".", 1)[-1] in _NOTHING_THERE:
        return Garbage()
    if method in finders():
        return _told_tenant(request_for(method, found_by(method), "web" if way == DENIED else "nowhere"), tenant)
    if way == REFUSED:
        return Garbage()
    return _told_tenant(_plausible(method), tenant)


def _plausible(method: Method) -> Message:
    """A request that whoever may make it could make."""
    fields = {"app": "web", "group": "web", "name": "jobs" if method.descriptor.name == "CreateTrust" else "github-ci"}
    if method.descriptor.name == "CreateToken":
        fields.pop("name")
    if "secret" in method.descriptor.input_type.fields_by_name:
        fields["secret"] = _NO_TOKEN
    return method.request(**{key: value for key, value in fields.items() if key in _texts(method)})


def _texts(method: Method) -> set[str]:
    return {each.name for each in method.descriptor.input_type.fields if each.type == each.TYPE_STRING}


def _told_tenant(request: Message, tenant: str) -> Message:
    copy = type(request)()
    copy.CopyFrom(request)
    if "tenant" in request.DESCRIPTOR.fields_by_name:
        copy.tenant = tenant  # type: ignore[attr-defined]  # it has that field
    return copy
