"""What belongs to another tenant and what does not exist are told apart by nobody (CVE-2023-24999, CVE-2026-40264).

Covers: every method that names something, by name or by id: code, message, details and metadata are the same bytes;
that every field of every request was looked at, so that a new id can't be forgotten here; and that a token limited to
an app which is no more is a stranger to the app of that name. Leaves out how long the answers take (`make bench`).
"""

from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
from paas.config.v1 import config_pb2, groups_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from paaskit.paging import load_pages
from tests.access import table
from tests.access.callers import EVERY_PERMISSION, Kind
from tests.access.finders import (
    FOUND_BY,
    NOBODYS,
    NOBODYS_GROUP,
    THEIR_GROUP,
    THEIRS,
    finders,
    found_by,
    request_for,
)
from tests.access.house import House
from tests.access.methods import Method, every_method

ACME = Kind(certificate="gateway", permissions=EVERY_PERMISSION)
GLOBEX = Kind(certificate="gateway", permissions=EVERY_PERMISSION, tenant="globex")

# What is sought within an app that was found by one of these.
_WITHIN_AN_APP = {
    "addon", "attachment_id", "claim_id", "claims", "from_version", "name", "names", "number", "release", "revision",
    "secrets", "to_version", "vars", "version",
}  # fmt: skip
# The text of a token, of whatever tenant: its answer never says whether there is one (tests/unit/tokens/leaks).
# Nor does that of a token of a CI system (tests/integration/tokens/trusts).
_WHOEVER_HAS_IT = {"body", "secret", "subject_token"}
# Of a tenant's own log (tests/integration/audit/publishing/test_readers.py).
_IN_THE_LOG = {"event_id", "path"}
# What callers say of themselves, of what they do and of how much they want; what services report. It finds nothing, but
# for `apps`, which tests/unit/tokens/test_scopes.py is about, and page tokens.
_SAID = {
    "action", "actor", "after_sequence", "apps", "change_id", "confirm", "description", "destination",
    "display", "etag", "events", "ignore_missing", "orders", "overlap", "page_size", "page_token",
    "permissions", "random", "replace_newer", "request_id", "role", "skip_taken", "spec", "stage", "tenant",
    "tokens", "ttl", "user", "allow_pull_requests", "audience", "conditions", "grant_type", "issuer", "provider",
    "subject", "subject_token_type", "validate_only", "value", "with_secrets",
    "before_sequence", "oldest_first", "outcome", "people_only", "since", "until", "actions", "token_id",
    "expiry", "follow", "instance", "kind", "leave_draft", "leaving", "lines", "reason", "rotate_every",
    "with_ended", "within",
}  # fmt: skip


@dataclass(frozen=True)
class Things:
    """What acme has: an app with a var, a secret and a release, a group, and a token."""

    app_id: str
    group_id: str
    token_id: str
    trust_id: str


@pytest.fixture(scope="module")
async def things(house: House) -> Things:
    """Things of acme's, each looked at once by acme itself so that every service knows them."""

    async def ask(name: str, request: Any) -> Any:
        method = next(each for each in every_method() if each.descriptor.name == name)
        return await house.ask(method, ACME, request)

    create = config_pb2.CreateAppRequest(request_id=random_id(), app=THEIRS, spec=config_pb2.AppSpec())
    app = config_pb2.CreateAppResponse.FromString(await ask("CreateApp", create)).app
    group = groups_pb2.CreateGroupRequest(request_id=random_id(), group=THEIR_GROUP)
    made_group = groups_pb2.CreateGroupResponse.FromString(await ask("CreateGroup", group)).group
    var = config_pb2.Assignment(name="COLOUR", value="red")
    await ask("SetVars", config_pb2.SetVarsRequest(request_id=random_id(), app=THEIRS, vars=[var], stage=True))
    secret = secrets_pb2.SecretAssignment(name="PASSWORD", value="xyzzy")
    await ask(
        "SetSecrets", secrets_pb2.SetSecretsRequest(request_id=random_id(), app=THEIRS, secrets=[secret], stage=True)
    )
    await ask("CreateRelease", releaser_pb2.CreateReleaseRequest(request_id=random_id(), app=THEIRS))
    await ask("WatchRelease", releaser_pb2.WatchReleaseRequest(app=THEIRS, number=1))
    made = await ask("CreateToken", tokens_pb2.CreateTokenRequest(request_id=random_id(), name=THEIRS))
    asked = tokens_pb2.CreateTrustRequest(
        request_id=random_id(),
        name=THEIRS,
        issuer="https://gitlab.com",
        subject="project_id:28:ref_type:branch:ref:main",
    )
    trust = tokens_pb2.CreateTrustResponse.FromString(await ask("CreateTrust", asked)).trust
    return Things(
        app.app_id, made_group.group_id, tokens_pb2.CreateTokenResponse.FromString(made).token.token_id, trust.trust_id
    )


def test_every_field_of_every_request_was_looked_at() -> None:
    """A new one has to be put into one of the lists, by somebody who thinks about what it finds."""
    found = {
        field.name
        for method in every_method()
        if method.path in {*table.USERS, *table.ANYBODY, *table.SERVICES} and not method.path.startswith("/envoy.")
        for field in method.descriptor.input_type.fields
    }
    assert found == FOUND_BY | _WITHIN_AN_APP | _WHOEVER_HAS_IT | _IN_THE_LOG | _SAID


def _request(method: Method, **said: Any) -> Any:
    return type(method.request())(**said)


@pytest.mark.parametrize(
    ("name", "more"), [("ListEvents", {}), ("SummarizeEvents", {"actions": ["apps.create", "config.stage"]})]
)
async def test_a_filter_by_a_foreign_app_is_one_by_an_absent_app(
    house: House, things: Things, name: str, more: dict[str, Any]
) -> None:
    method = next(each for each in every_method() if each.descriptor.name == name)
    answers = [await house.ask(method, GLOBEX, _request(method, app=app, **more)) for app in (THEIRS, NOBODYS)]
    assert answers[0] == answers[1]
    # The control: acme's own filter finds what was done to the app.
    assert len(await house.ask(method, ACME, _request(method, app=THEIRS, **more))) > len(answers[0])


@pytest.mark.parametrize("by", ["tokens", "token_id"])
async def test_a_token_is_found_and_asked_about_by_its_own_tenant_alone(house: House, things: Things, by: str) -> None:
    name, more = ("FindTokens", {}) if by == "tokens" else ("SummarizeEvents", {"actions": ["tokens.create"]})
    method = next(each for each in every_method() if each.descriptor.name == name)
    references: list[Any] = [things.token_id, random_id()]
    if by == "tokens":
        references = [[each] for each in references]
    answers = [await house.ask(method, GLOBEX, _request(method, **{by: each}, **more)) for each in references]
    assert answers[0] == answers[1]
    if by == "tokens":
        assert len(await house.ask(method, ACME, _request(method, tokens=[things.token_id]))) > len(answers[0])


@pytest.mark.parametrize(
    "name",
    ["ListApps", "ListGroups", "ListVars", "ListSecrets", "ListTokens", "ListTrusts", "ListEvents", "ListReleases"],
)
async def test_a_page_token_of_another_tenant_is_one_that_was_made_up(house: House, things: Things, name: str) -> None:
    """Sealed for acme by the key of the very service that is asked."""
    method = next(each for each in every_method() if each.descriptor.name == name)
    pages = load_pages(house.tls.page_key_file)
    answers = []
    for page_token in (pages.seal(name, "acme", "a", "b"), "A" * 60):
        request = method.request(app=THEIRS, page_token=page_token)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await house.ask(method, GLOBEX, request)
        details = dict(refused.value.trailing_metadata() or ()).get("grpc-status-details-bin")
        answers.append((refused.value.code(), refused.value.details(), details))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("method", finders(), ids=lambda method: method.path)
async def test_foreign_and_absent_get_the_same_answer(house: House, things: Things, method: Method) -> None:
    by = found_by(method)
    pairs = {
        "app": [(THEIRS, NOBODYS)],
        "app_id": [(things.app_id, random_id())],
        "group": [(THEIR_GROUP, NOBODYS_GROUP), (THEIRS, NOBODYS)],
        "group_id": [(things.group_id, random_id())],
        "token": [(THEIRS, NOBODYS), (things.token_id, random_id())],
        "trust": [(THEIRS, NOBODYS), (things.trust_id, random_id())],
    }
    for theirs, nobodys in pairs[by]:
        foreign = await _answer(house, method, by, theirs)
        absent = await _answer(house, method, by, nobodys)
        assert foreign == absent
        assert foreign[0] not in {"UNKNOWN", "INTERNAL", "UNAVAILABLE", "INVALID_ARGUMENT"}, foreign


def _harmless() -> list[Method]:
    """Methods of users that leave things as they are for the other tests."""
    return [
        method
        for method in finders()
        if method.path in table.USERS
        and method.descriptor.name not in {"DestroyApp", "DestroyGroup", "RevokeToken", "RotateToken", "DeleteTrust"}
    ]


@pytest.mark.parametrize("method", _harmless(), ids=lambda method: method.path)
async def test_its_owner_gets_another_answer(house: House, things: Things, method: Method) -> None:
    """The control: the same request does find the thing when its owner asks."""
    by = found_by(method)
    theirs = THEIR_GROUP if by == "group" else THEIRS
    owner = await _answer(house, method, by, theirs, kind=ACME)
    foreign = await _answer(house, method, by, theirs)
    assert owner != foreign


def _namers() -> list[Method]:
    """Methods of users that name an app which is there."""
    return [
        method
        for method in finders()
        if method.path in table.USERS and "app" in method.descriptor.input_type.fields_by_name
    ]


@pytest.mark.parametrize("method", _namers(), ids=lambda method: method.path)
async def test_token_of_an_app_that_is_no_more_is_a_stranger_to_its_namesake(
    house: House, things: Things, method: Method
) -> None:
    stranger = replace(ACME, apps=frozenset({(THEIRS, random_id())}))
    code, message, _ = await _answer(house, method, "app", THEIRS, kind=stranger)
    assert (code, message) == ("PERMISSION_DENIED", b"user:ada@example.com is limited to other apps.")


@pytest.mark.parametrize("method", _harmless(), ids=lambda method: method.path)
async def test_token_of_the_app_itself_is_none(house: House, things: Things, method: Method) -> None:
    """The control of the one above."""
    limited = replace(ACME, apps=frozenset({(THEIRS, things.app_id), (THEIR_GROUP, things.group_id)}))
    by = found_by(method)
    code, _, _ = await _answer(house, method, by, THEIR_GROUP if by == "group" else THEIRS, kind=limited)
    assert code != "PERMISSION_DENIED"


async def _answer(
    house: House, method: Method, by: str, reference: str, *, kind: Kind | None = None
) -> tuple[str, bytes, bytes]:
    """Code, message or answer, and metadata with the details in it, the reference replaced: the rest is compared."""
    if kind is None:
        callers = table.SERVICES.get(method.path)
        kind = Kind(certificate=min(callers)) if callers else GLOBEX
    request = request_for(method, by, reference)
    try:
        answer = await house.ask(method, kind, request)
    except grpc.aio.AioRpcError as error:
        # In the order in which it came; the details are in it.
        metadata = repr([tuple(each or ()) for each in (error.initial_metadata(), error.trailing_metadata())]).encode()
        return error.code().name, _blank(str(error.details()).encode(), reference), _blank(metadata, reference)
    return "OK", _blank(bytes(answer or b""), reference), b""


def _blank(text: bytes, reference: str) -> bytes:
    return text.replace(reference.encode(), b"?" * len(reference))
