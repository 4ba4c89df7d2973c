"""Every method that finds a thing by its name or id, and a request that gets as far as looking for it."""

from typing import Any, Final

from google.protobuf.message import Message
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from tests.access.methods import Method, every_method

# As long as each other, so that their lengths are the same too.
THEIRS: Final = "shop-one"
NOBODYS: Final = "shop-two"
THEIR_GROUP: Final = "both-one"
NOBODYS_GROUP: Final = "both-two"
_REQUEST_ID: Final = "0f8fad5b-d9cb-469f-a165-70867728950e"

# What a request needs beside the name to get as far as looking it up.
_MORE: Final[dict[str, dict[str, Any]]] = {
    "UpdateApp": {"spec": config_pb2.AppSpec(), "stage": True},
    "SetVars": {"vars": [config_pb2.Assignment(name="A", value="1")]},
    "UnsetVars": {"names": ["COLOUR"]},
    "SetSecrets": {"secrets": [secrets_pb2.SecretAssignment(name="A", value="1")]},
    "RevealSecret": {"name": "PASSWORD"},
    "RevealSecrets": {"names": ["PASSWORD"]},
    "RotateSecret": {"name": "PASSWORD", "random": secrets_pb2.RandomValue()},
    "UnsetSecrets": {"names": ["PASSWORD"]},
    "ExpireSecret": {"name": "PASSWORD", "expiry": secrets_pb2.Expiry(never=True)},
    "GetRelease": {"number": 1},
    "WatchRelease": {"number": 1},
    "Rollback": {"number": 1},
    "ClaimNames": {"claims": [config_pb2.Claim(name="A", size=1)], "claim_id": "c1"},
    "ReleaseNames": {"names": [config_pb2.HeldName(name="PASSWORD", claim_id="c1")]},
    "ReleaseDraft": {"revision": 1, "change_id": _REQUEST_ID, "actor": "user:eve@example.com"},
    "CheckNamesUnused": {"names": ["PASSWORD"]},
    "AttachGroup": {"group": THEIRS},
    "DetachGroup": {"group": THEIRS},
    "GetDesiredState": {"version": 1},
    "RestoreVersion": {"version": 1, "change_id": _REQUEST_ID, "actor": "user:eve@example.com"},
    "AttachManagedVar": {"addon": "pg", "name": "DATABASE_URL", "value": "v", "display": "d"},
    "DetachManagedVar": {"addon": "pg", "name": "DATABASE_URL"},
    "ResolveForRelease": {"names": ["PASSWORD"], "release": 1},
    "DeleteManagedValue": {"name": "PASSWORD"},
    "TestTrust": {"subject_token": "a.b.c"},
}
# Methods that name an app and for whom nothing is there to be found: a new app, a filter of one's own log, a value
# to be stored under a new id. What an exchange finds is for whoever has a token (tests/integration/tokens/trusts).
FINDS_NOTHING: Final = {
    "CreateApp",
    "CreateGroup",
    "ListEvents",
    "FollowEvents",
    "SummarizeEvents",
    "StoreManagedValue",
    "ExchangeToken",
}


# Fields by which a thing of a tenant's is found, each asked for below.
FOUND_BY: Final = {"app", "app_id", "group", "group_id", "token", "trust"}


def finders() -> list[Method]:
    """Every such method of every server."""
    return [
        method
        for method in every_method()
        if FOUND_BY & set(method.descriptor.input_type.fields_by_name) and method.descriptor.name not in FINDS_NOTHING
    ]


def found_by(method: Method) -> str:
    """Return the field by which a method finds what it is about; of an app and a group, the app."""
    fields = method.descriptor.input_type.fields_by_name
    return next(each for each in ("app_id", "app", "group_id", "group", "trust", "token") if each in fields)


def request_for(method: Method, by: str, reference: str) -> Message:
    """Return a request of the tenant globex for the thing that the field `by` names."""
    fields = method.descriptor.input_type.fields_by_name
    known = {"request_id": _REQUEST_ID, "tenant": "globex", "stage": True}
    more = {**_MORE.get(method.descriptor.name, {}), by: reference}
    return type(method.request())(**{name: value for name, value in {**known, **more}.items() if name in fields})
