"""Which ID tokens are for this client, and recent. Leaves out signatures and nonces, which Authlib verifies."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.sign_in.provider import authenticated_at, is_for

ISSUER, CLIENT = "https://sso.example.com/realms/paas", "paas-dashboard"


@pytest.mark.parametrize("audience", [CLIENT, [CLIENT], ["another", CLIENT]])
def test_ours_is(audience: object) -> None:
    assert is_for({"iss": ISSUER, "aud": audience}, issuer=ISSUER, client_id=CLIENT)


@pytest.mark.parametrize("audience", [None, "", "another", ["another"], [], f"{CLIENT}-2", 7, {CLIENT: 1}])
def test_one_for_another_is_not_even_if_we_asked_for_it(audience: object) -> None:
    assert not is_for({"iss": ISSUER, "aud": audience, "azp": CLIENT}, issuer=ISSUER, client_id=CLIENT)


@pytest.mark.parametrize("issuer", [None, "", f"{ISSUER}/", "https://evil.example"])
def test_another_provider_s_is_not(issuer: object) -> None:
    assert not is_for({"iss": issuer, "aud": CLIENT}, issuer=ISSUER, client_id=CLIENT)


NOW, HALF_AN_HOUR = datetime(2026, 5, 4, 12, tzinfo=UTC), timedelta(minutes=30)


@pytest.mark.parametrize("ago", [-60, 0, 1, 1799, 1860])
def test_who_gave_their_password_lately_comes_in(ago: int) -> None:
    since = authenticated_at({"auth_time": int(NOW.timestamp()) - ago}, now=NOW, max_age=HALF_AN_HOUR)
    assert since == NOW - timedelta(seconds=ago)


@pytest.mark.parametrize("said", [None, "", "1777896000", True, int(NOW.timestamp()) - 1861, int(NOW.timestamp()) + 61])
def test_who_did_not_does_not(said: object) -> None:
    assert authenticated_at({"auth_time": said}, now=NOW, max_age=HALF_AN_HOUR) is None
    assert authenticated_at({}, now=NOW, max_age=HALF_AN_HOUR) is None
