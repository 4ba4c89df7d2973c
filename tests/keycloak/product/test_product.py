"""People of a real Keycloak use the product: what their tokens let them do, and until when.

Leaves out signing in by the command line itself.
"""

import pytest

from tests.e2e.installation import Paas, events
from tests.fixtures.waiting import soon
from tests.keycloak.conftest import Welcome
from tests.keycloak.product.conftest import SignedIn
from tests.keycloak.server.keycloak import Keycloak
from tests.keycloak.server.realm import DIRECTORY
from tests.keycloak.sign_in.device import DeviceSignIn, approve
from tests.keycloak.sign_in.grants import for_client, with_password
from tests.keycloak.sign_in.visitor import Visitor

# Keycloak is asked about makers of tokens once a minute.
_ASKED_AGAIN = 300.0


def _person(keycloak: Keycloak, as_holder: SignedIn, name: str) -> Paas:
    return as_holder(with_password(keycloak, name).access)


def test_whoever_signed_in_at_the_pages_is_who_keycloak_says(
    keycloak: Keycloak, as_holder: SignedIn, visitor: Visitor
) -> None:
    began = DeviceSignIn.begin(keycloak)
    approve(began.page_with_code, visitor, "ann", keycloak.password("ann"))
    told = as_holder(began.wait().access).ok("whoami", "--json").document
    assert (told["tenant"], told["subject"]) == ("acme", "user:ann")
    assert "tokens.manage" in told["permissions"]


def test_a_change_is_theirs_in_the_audit_log(keycloak: Keycloak, as_holder: SignedIn) -> None:
    ann = _person(keycloak, as_holder, "ann")
    ann.ok("apps:create", "theirs", "--instances", "0", "--", "true")
    ann.ok("config:set", "COLOUR=green", "-a", "theirs")
    assert {event["actor"] for event in events(ann, app="theirs", action="config.set")} == {"user:ann"}


def test_a_viewer_sees_and_changes_nothing(keycloak: Keycloak, as_holder: SignedIn) -> None:
    _person(keycloak, as_holder, "ann").ok("apps:create", "seen", "--instances", "0", "--", "true")
    cyd = _person(keycloak, as_holder, "cyd")
    cyd.ok("config", "-a", "seen")
    assert cyd("config:set", "COLOUR=red", "-a", "seen").exit_code != 0


def test_another_tenant_sees_nothing(keycloak: Keycloak, as_holder: SignedIn) -> None:
    _person(keycloak, as_holder, "ann").ok("apps:create", "hidden", "--instances", "0", "--", "true")
    vic = _person(keycloak, as_holder, "vic")
    assert vic.ok("whoami", "--json").document["tenant"] == "other"
    assert "hidden" not in vic.ok("apps").out


def test_who_has_two_roles_may_what_both_may_and_who_has_none_nothing(keycloak: Keycloak, as_holder: SignedIn) -> None:
    permissions = {
        name: set(_person(keycloak, as_holder, name).ok("whoami", "--json").document["permissions"])
        for name in ("bob", "cyd", "dee", "eve")
    }
    assert permissions["dee"] == permissions["bob"] | permissions["cyd"]
    assert permissions["eve"] == set()


def test_who_has_no_tenant_is_nobody(keycloak: Keycloak, as_holder: SignedIn) -> None:
    assert _person(keycloak, as_holder, "fay")("whoami").exit_code != 0


@pytest.mark.parametrize("kind", ["identity", "refresh", "directory"])
def test_other_tokens_of_keycloaks_are_none(keycloak: Keycloak, as_holder: SignedIn, kind: str) -> None:
    if kind == "directory":
        token: str | None = for_client(keycloak, DIRECTORY, keycloak.secret(DIRECTORY)).access
    else:
        token = getattr(with_password(keycloak, "ann"), kind)
    assert token is not None
    assert as_holder(token)("whoami").exit_code != 0


def test_a_rotated_key_is_known_at_once_and_the_one_before_still(keycloak: Keycloak, as_holder: SignedIn) -> None:
    before = _person(keycloak, as_holder, "ann")
    before.ok("whoami")
    keycloak.admin.rotate_keys()
    after = _person(keycloak, as_holder, "ann")
    soon(lambda: after("whoami").exit_code == 0)
    before.ok("whoami")


def test_a_token_somebody_made_does_no_more_than_they_may_now(
    keycloak: Keycloak, as_holder: SignedIn, welcome: Welcome
) -> None:
    person = welcome("admin", tenant="acme")
    maker = as_holder(with_password(keycloak, person.name, person.password).access)
    made = maker.ok("tokens:create", "--name", f"of-{person.name}", "--json").document["secret"]
    token = as_holder(made)
    assert "config.write" in token.ok("whoami", "--json").document["permissions"]
    keycloak.admin.set_roles(person.name, "viewer")
    soon(lambda: "config.write" not in token.ok("whoami", "--json").document["permissions"], seconds=_ASKED_AGAIN)
    keycloak.admin.set_enabled(person.name, enabled=False)
    soon(lambda: not _may_anything(token), seconds=_ASKED_AGAIN)


def _may_anything(paas: Paas) -> bool:
    found = paas("whoami", "--json")
    return found.exit_code == 0 and bool(found.document["permissions"])


def test_tokens_that_are_out_are_good_while_keycloak_is_away(keycloak: Keycloak, as_holder: SignedIn) -> None:
    bob = _person(keycloak, as_holder, "bob")
    bob.ok("whoami")
    with keycloak.away():
        bob.ok("whoami")
