"""What the caller of the current request may do: roles, permissions beyond a method's rule, and which app a name means.

The roles are written down again here: they decide who may read a secret. Leaves out the gate (test_gate.py) and the
rules in the protos (tests/access).
"""

from collections.abc import Iterator
from contextvars import copy_context

import pytest

from paaskit.access import (
    PERMISSIONS,
    ROLES,
    AppRef,
    Caller,
    app_ref,
    carried_identity,
    current_user,
    enter,
    may,
    require,
)
from paaskit.errors import PermissionDenied
from paaskit.identity import Identity
from tests.fakes.identities import identity_of


def _as(identity: Identity | None, *, service: str = "gateway") -> None:
    enter(Caller(service=service, identity=identity, unverified_jwt="" if identity is None else "signed"))


@pytest.fixture(autouse=True)
def _nobody() -> Iterator[None]:
    """Each test starts as a service without a user, and leaves no user to the tests after it."""
    _as(None, service="config")
    yield
    _as(None, service="config")


def test_a_viewer_reads_names_and_no_secret() -> None:
    assert ROLES["viewer"] == {"apps.read", "config.read", "secrets.list", "releases.read"}


def test_a_developer_changes_and_reveals_and_does_not_read_the_log() -> None:
    assert ROLES["developer"] - ROLES["viewer"] == {
        "apps.write",
        "config.write",
        "secrets.write",
        "secrets.reveal",
        "releases.write",
        "tokens.manage",
    }


def test_an_admin_has_every_permission() -> None:
    assert ROLES["admin"] - ROLES["developer"] == {"audit.read", "keys.manage"}
    assert ROLES["admin"] == PERMISSIONS
    assert list(ROLES) == ["viewer", "developer", "admin"]


def test_permissions_beyond_the_rule_are_asked_for_by_name() -> None:
    _as(identity_of(subject="pat:ci", permissions=frozenset({"releases.write"})))
    assert (may("releases.write"), may("secrets.write")) == (True, False)
    require("releases.write")
    with pytest.raises(PermissionDenied, match=r"pat:ci.*needs secrets\.write") as denied:
        require("secrets.write")
    assert denied.value.metadata == {"permission": "secrets.write"}


def test_a_service_by_itself_may_nothing_that_users_may() -> None:
    assert not may("secrets.list")
    for asks in (lambda: require("secrets.list"), current_user):
        with pytest.raises(LookupError):
            asks()
    assert carried_identity() == ()


def test_a_name_means_an_app_of_the_users_tenant() -> None:
    _as(identity_of(tenant="acme"))
    ref = app_ref("web", tenant="globex")
    assert (ref.tenant, ref.name, ref.bound_id) == ("acme", "web", None)
    ref.accept("any app of that name")


def test_a_service_names_the_tenant_itself_where_it_carries_nobody() -> None:
    ref = app_ref("web", tenant="globex")
    assert (ref.tenant, ref.bound_id) == ("globex", None)
    ref.accept("any app of that name")


@pytest.mark.parametrize("service", ["gateway", "secrets"])
def test_a_limited_user_means_the_app_of_the_id_whoever_carries_it(service: str) -> None:
    _as(identity_of(subject="pat:ci", apps=frozenset({("web", "a1"), ("api", "a2")})), service=service)
    app_ref("web", tenant="acme").accept("a1")
    for name, app_id in (("web", "a2"), ("web", "a9"), ("web", ""), ("desk", "a1"), ("desk", "a9")):
        with pytest.raises(PermissionDenied, match="pat:ci is limited to other apps") as denied:
            app_ref(name, tenant="acme").accept(app_id)
        assert denied.value.metadata == {"permission": "app"}


def test_an_app_without_an_id_is_accepted_by_nobody_who_is_limited() -> None:
    """An id that is not known must not be equal to another that is not known."""
    for bound_id in ("", "a1"):
        with pytest.raises(PermissionDenied):
            AppRef(tenant="acme", name="web", bound_id=bound_id).accept("")


def test_the_caller_of_one_request_is_not_that_of_another() -> None:
    _as(identity_of(tenant="acme"))
    other = copy_context()
    other.run(_as, identity_of(tenant="globex"))
    assert (current_user().tenant, other.run(current_user).tenant) == ("acme", "globex")
