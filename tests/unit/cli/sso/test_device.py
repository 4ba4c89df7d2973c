"""`paas login` with a code: what is asked, what is kept, and everything that an issuer can answer."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.oidc_issuer import Fault, OidcIssuer
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas, Result
from tests.unit.cli.sso.conftest import Person, kept, kept_files, refresh_token

Login = Callable[..., Result]


def secrets_of(issuer: OidcIssuer) -> set[str]:
    """What no output may have: everything the issuer was sent, and gave away, that opens something."""
    names = {"device_code", "refresh_token", "token", "code", "code_verifier"}
    return {value for _, form in issuer.forms for name, value in form.items() if name in names}


def test_a_person_signs_in_with_a_code_in_any_browser(login: Login, paas: Paas, sso: Platform, home: Path) -> None:
    result = login()
    assert (result.exit_code, result.out.splitlines()[0]) == (
        0,
        f"✓ Signed in to {sso.gateway.address} as user:ada@example.com (profile default)",
    )
    assert f"kept in {kept(home)}, which only you can read" in result.out
    assert "/realms/paas/device\n" in result.err
    assert "/realms/paas/device?user_code=" in result.err
    assert kept(home).stat().st_mode & 0o777 == 0o600
    assert paas("config").exit_code == 0


def test_the_profile_has_the_gateway_and_no_token(login: Login, home: Path, sso: Platform) -> None:
    login()
    text = (home / ".config" / "paas" / "config.toml").read_text()
    assert f'gateway = "{sso.gateway.address}"' in text
    assert "token =" not in text


def test_as_json_it_is_one_document_without_a_token(login: Login, home: Path, issuer: OidcIssuer) -> None:
    result = login("--json")
    document = json.loads(result.out)
    assert document["issuer"] == issuer.url
    assert document["kept_in"] == "file"
    assert document["file"] == str(kept(home))


def test_what_is_asked_of_the_issuer(login: Login, issuer: OidcIssuer, person: Person) -> None:
    """Its proof of being who asked, too, which Keycloak wants of a client that has to use PKCE."""
    person.waits()
    login()
    (begun,) = [form for name, form in issuer.forms if name == "device"]
    asked = [form for name, form in issuer.forms if name == "token"]
    assert (begun["client_id"], begun["scope"], begun["code_challenge_method"]) == ("paas-cli", "openid", "S256")
    (verifier,) = {form["code_verifier"] for form in asked}
    hashed = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert begun["code_challenge"] == hashed
    assert 43 <= len(verifier) <= 128
    assert len(asked) == 2


def test_it_asks_as_often_as_it_is_told(login: Login, person: Person, issuer: OidcIssuer) -> None:
    issuer.realm.interval = 7
    person.waits(3)
    assert login().exit_code == 0
    assert person.pauses == [7, 7, 7, 7]


def test_it_asks_less_often_when_told_to_slow_down(login: Login, person: Person, issuer: OidcIssuer) -> None:
    person.waits(3)
    with issuer.wrong(Fault("token", "wants less", error="slow_down", times=2)):
        assert login().exit_code == 0
    assert person.pauses == [1, 6, 11, 11]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("token", "is away", status=503, times=2),
        Fault("token", "is too busy", status=429, times=2),
        Fault("token", "is a gateway's", status=502, times=2),
        Fault("token", "hangs up before it works", status=None, error="authorization_pending", dropped=True, times=2),
    ],
    ids=str,
)
def test_trouble_while_waiting_ends_nothing(login: Login, person: Person, issuer: OidcIssuer, fault: Fault) -> None:
    person.waits(2)
    with issuer.wrong(fault):
        assert login().exit_code == 0
    assert len(person.pauses) >= 3


def test_an_issuer_that_goes_away_while_waiting_may_come_back(login: Login, person: Person, issuer: OidcIssuer) -> None:
    person.plans = [issuer.stop, lambda: None, issuer.start]
    assert login().exit_code == 0
    assert person.pauses == [1, 2, 4, 1]  # less often after each try that reached nobody


def test_a_person_who_says_no(paas: Paas, sso: Platform, person: Person, issuer: OidcIssuer, home: Path) -> None:
    person.plans = [lambda: issuer.deny(person.code())]
    result = paas("login", "--gateway", sso.gateway.address)
    assert (result.exit_code, result.out) == (3, "")
    assert f"The sign-in was declined at {issuer.url}; nothing was stored." in result.err
    assert kept_files(home) == []


def test_a_person_who_takes_too_long(paas: Paas, sso: Platform, person: Person, issuer: OidcIssuer, home: Path) -> None:
    person.plans = [lambda: issuer.clock.advance(minutes=11)]
    result = paas("login", "--gateway", sso.gateway.address)
    assert result.exit_code == 3
    assert f"Nobody signed in at {issuer.url} in time" in result.err
    assert "run `paas login` again" in result.err
    assert kept_files(home) == []


def test_stopping_leaves_nothing_behind(paas: Paas, sso: Platform, person: Person, home: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    person.plans = [stop]
    result = paas("login", "--gateway", sso.gateway.address)
    assert (result.exit_code, result.out) == (130, "")
    assert not (home / ".config").exists()


def test_what_the_gateway_does_not_accept_is_not_kept_and_its_session_ends(
    login: Login, sso: Platform, home: Path, issuer: OidcIssuer
) -> None:
    sso.gateway.accepts = lambda _: False
    result = login()
    assert result.exit_code == 3
    assert "the gateway does not accept it" in result.err
    assert kept_files(home) == []
    assert [session.is_over for session in issuer.realm.sessions.values()] == [True]


def lying(name: str, value: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda document: {**document, name: value}


WRONG = [
    (Fault("discovery", "names another", changed=lying("issuer", "https://localhost/realms/other")), "another issuer"),
    (Fault("discovery", "names a longer one", changed=lambda d: {**d, "issuer": d["issuer"] + "/"}), "another issuer"),
    (Fault("discovery", "names none", changed=lying("issuer", None)), "another issuer"),
    (Fault("discovery", "http tokens", changed=lying("token_endpoint", "http://localhost/t")), "not an https://"),
    (Fault("discovery", "http devices", changed=lying("device_authorization_endpoint", "http://a/")), "not an https:"),
    (Fault("discovery", "file", changed=lying("token_endpoint", "file:///etc/passwd")), "not an https://"),
    (Fault("discovery", "user in a URL", changed=lying("token_endpoint", "https://a@b/")), "not an https://"),
    (Fault("discovery", "no tokens", changed=lying("token_endpoint", None)), "no token_endpoint"),
    (Fault("discovery", "no devices", changed=lying("device_authorization_endpoint", None)), "--web does without"),
    (Fault("discovery", "elsewhere", location="https://localhost/other"), "leads elsewhere"),
    (Fault("discovery", "a page", status=200), "not JSON"),
    (Fault("device", "elsewhere", location="https://localhost/other"), "leads elsewhere"),
    (Fault("device", "http page", changed=lying("verification_uri", "http://localhost/device")), "not an https://"),
    (Fault("device", "script", changed=lying("verification_uri_complete", "javascript:alert(1)")), "not an https://"),
    (Fault("device", "no code", changed=lying("user_code", 7)), "without a code"),
    (Fault("token", "no bearer", changed=lying("token_type", "mac")), "without a bearer token"),
    (Fault("token", "odd token", changed=lying("access_token", "a\r\nb: c")), "can't be sent"),
]


@pytest.mark.parametrize(("fault", "words"), WRONG, ids=str)
def test_an_issuer_that_is_not_as_it_should_be(
    login: Login, issuer: OidcIssuer, home: Path, fault: Fault, words: str
) -> None:
    with issuer.wrong(fault):
        result = login()
    assert (result.exit_code, result.out) == (1, "")
    assert words in result.err
    assert "nothing was stored" in result.err
    assert kept_files(home) == []


def test_an_error_that_it_does_not_know_is_told_by_its_code_alone(login: Login, issuer: OidcIssuer) -> None:
    with issuer.wrong(Fault("device", "odd", error="unauthorized_client")):
        result = login("--debug")
    assert result.exit_code == 3
    assert "refused the sign-in (unauthorized_client)" in result.err
    assert "fault:" not in result.err


def test_a_certificate_of_nobody_we_trust(
    login: Login, issuer: OidcIssuer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    result = login()
    assert result.exit_code == 1
    assert "not who it should be" in result.err
    assert issuer.requests.total() == 0
    assert kept_files(home) == []


def test_authorities_of_one_s_own_are_given_once(
    login: Login, paas: Paas, issuer: OidcIssuer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert login("--ca-file", str(issuer.ca_file)).exit_code == 0
    assert f'ca_file = "{issuer.ca_file}"' in (home / ".config" / "paas" / "config.toml").read_text()
    assert "session at" in paas("logout").out


def test_a_file_of_authorities_that_is_none_is_named(login: Login, home: Path) -> None:
    result = login("--ca-file", "nothing.pem")
    assert result.exit_code == 1
    assert "nothing.pem can't be read as certificates" in result.err
    assert kept_files(home) == []


def test_no_token_is_ever_shown(login: Login, paas: Paas, issuer: OidcIssuer, home: Path) -> None:
    shown = ""
    for result in (login("--debug"), paas("whoami", "--debug"), paas("logout", "--debug"), login("--json")):
        shown += result.out + result.err
    given = secrets_of(issuer) | {refresh_token(home)}
    assert len(given) > 2
    assert not [secret for secret in given if secret in shown]
    assert "eyJ" not in shown


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"kind": "saml"}, "install a newer one"),
        ({"kind": "oidc", "issuer": 7, "client_id": "c"}, "install a newer one"),
        ({"kind": "oidc", "issuer": "http://localhost/realms/paas", "client_id": "c", "scopes": []}, "not an https://"),
        ("nonsense", "does not say how to sign in"),
    ],
)
def test_a_gateway_that_says_something_else(paas: Paas, sso: Platform, home: Path, told: Any, words: str) -> None:
    sso.gateway.sign_in = told
    result = paas("login", "--gateway", sso.gateway.address)
    assert result.exit_code == 1
    assert words in result.err
    assert kept_files(home) == []


def test_without_single_sign_on_it_says_what_one_can_do(paas: Paas, platform: Platform) -> None:
    result = paas("login", "--gateway", platform.gateway.address)
    assert (result.exit_code, result.out) == (3, "")
    assert "has no single sign-on" in result.err
    assert "`make signin`" in result.err
    assert f"`paas login --gateway {platform.gateway.address} --token`" in result.err


def test_a_gateway_that_is_away(paas: Paas, platform: Platform) -> None:
    platform.gateway.stop()
    result = paas("login", "--gateway", platform.gateway.address)
    assert result.exit_code == 5
    assert "can't be reached" in result.err
