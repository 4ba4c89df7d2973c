"""`paas logout` and `paas whoami` with a sign-in: the session ends there and here, and who one is meanwhile."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.oidc_issuer import Fault, OidcIssuer
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas, Result
from tests.unit.cli.sso.conftest import kept, kept_files

Login = Callable[..., Result]


def is_over(issuer: OidcIssuer) -> bool:
    (session,) = issuer.realm.sessions.values()
    return session.is_over


def test_the_session_ends_at_the_issuer_and_here(login: Login, paas: Paas, issuer: OidcIssuer, home: Path) -> None:
    login()
    result = paas("logout")
    assert result.out == f"Signed out (profile default); the session at {issuer.url} has ended\n"
    assert result.err == ""
    assert is_over(issuer)
    assert kept_files(home) == []
    assert paas("config").exit_code == 3
    assert paas("logout").out == "Profile default was not signed in\n"


def test_an_issuer_without_revocation_is_told_its_own_way(login: Login, paas: Paas, issuer: OidcIssuer) -> None:
    without = Fault("discovery", "no revocation", changed=lambda d: {**d, "revocation_endpoint": None})
    with issuer.wrong(without):
        login()
    assert paas("logout").exit_code == 0
    assert issuer.requests["logout"] == 1
    assert is_over(issuer)


@pytest.mark.parametrize("away", [True, False])
def test_it_is_forgotten_here_whatever_the_issuer_says(
    login: Login, paas: Paas, issuer: OidcIssuer, home: Path, *, away: bool
) -> None:
    login()
    if away:
        issuer.stop()
        result = paas("logout")
    else:
        with issuer.wrong(Fault("revoke", "is broken", status=500)):
            result = paas("logout")
    assert (result.exit_code, result.out) == (0, "Signed out (profile default)\n")
    assert f"{issuer.url} could not be told to end the session" in result.err
    assert not is_over(issuer)
    assert kept_files(home) == []


def test_a_session_that_had_ended_is_no_trouble(login: Login, paas: Paas, issuer: OidcIssuer) -> None:
    login()
    for session in issuer.realm.sessions.values():
        session.is_over = True
    result = paas("logout")
    assert (result.exit_code, result.err) == (0, "")


@pytest.mark.parametrize("damage", ["broken", "public"])
def test_what_cannot_be_read_is_forgotten_too(
    login: Login, paas: Paas, issuer: OidcIssuer, home: Path, damage: str
) -> None:
    login()
    if damage == "broken":
        kept(home).write_text("no TOML")
    else:
        kept(home).chmod(0o644)
    result = paas("logout")
    assert (result.exit_code, result.out) == (0, "Signed out (profile default)\n")
    assert "could not be told to end the session" in result.err
    assert kept_files(home) == []
    assert not is_over(issuer)


def test_as_json(login: Login, paas: Paas, issuer: OidcIssuer) -> None:
    login()
    assert json.loads(paas("logout", "--json").out) == {
        "profile": "default",
        "signed_out": True,
        "issuer": issuer.url,
        "session_ended": True,
        "removed": False,
    }
    assert json.loads(paas("logout", "--json").out) == {
        "profile": "default",
        "signed_out": False,
        "issuer": None,
        "session_ended": None,
        "removed": False,
    }


def test_one_profile_is_signed_out_and_others_go_on(login: Login, paas: Paas, home: Path) -> None:
    login()
    login("--profile", "work")
    paas("logout", "--profile", "work")
    assert len(kept_files(home)) == 1
    assert paas("config").exit_code == 0


def test_whoami_says_how_one_is_signed_in(login: Login, paas: Paas, issuer: OidcIssuer, home: Path) -> None:
    login()
    out = paas("whoami").out
    assert f"signed in at: {issuer.url}\n" in out
    assert f"kept in: {kept(home)}\n" in out
    assert "session: until 20" in out
    document = json.loads(paas("whoami", "--json").out)
    assert document["sign_in"]["kind"] == "device"
    assert document["sign_in"]["issuer"] == issuer.url
    assert document["sign_in"]["kept_in"] == "file"
    assert document["sign_in"]["session_ends_at"].endswith("Z")


def test_whoami_with_a_token(signed_in: Platform, paas: Paas) -> None:
    assert signed_in.apps
    document = json.loads(paas("whoami", "--json").out)
    assert document["sign_in"] == {"kind": "token", "issuer": None, "kept_in": None, "session_ends_at": None}
