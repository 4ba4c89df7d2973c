"""Tokens, and who you are."""

import json

import pytest

from tests.fakes.gateway import Drop
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas


def test_scopes_and_apps_narrow_a_token(paas: Paas, signed_in: Platform) -> None:
    result = paas(
        "tokens:create", "--name", "ci", "--ttl", "2w", "--scope", "config.write,releases.read",
        "--scope", "config.write", "--app", "web", "--app", "shop",
    )  # fmt: skip
    assert result.exit_code == 0
    request = signed_in.gateway.calls("CreateToken")[-1]
    assert list(request.permissions) == ["config.write", "releases.read"]
    assert list(request.apps) == ["web", "shop"]
    assert request.ttl.seconds == 14 * 86400
    assert paas("tokens:list").lines == [
        "ci\tconfig.write,releases.read\tweb,shop\t2026-05-08T13:42Z\t-\t2026-05-22T13:42Z\tt1"
    ]
    listed = paas("tokens:list", "--json")
    assert json.loads(listed.out)["tokens"][0]["last_used_at"] is None
    assert "paas_pat_" not in listed.out


@pytest.mark.parametrize("ttl", ["0d", "90", "d90", "1y", "-1d", "9999999999d", "1.5h"])
def test_a_ttl_that_is_none(paas: Paas, signed_in: Platform, ttl: str) -> None:
    result = paas("tokens:create", "--name", "ci", f"--ttl={ttl}")
    assert result.exit_code == 2
    assert "90d, 12h or 2w" in result.err
    assert signed_in.tokens == {}


def test_revoke(paas: Paas, signed_in: Platform) -> None:
    paas("tokens:create", "--name", "ci")
    assert paas("tokens:revoke", "ci").out == "Revoked ci and 2 tokens made with it\n"
    assert signed_in.tokens == {}
    assert paas("tokens:revoke", "ci").exit_code == 1


def test_a_token_is_not_revoked_by_its_text(paas: Paas, signed_in: Platform) -> None:
    result = paas("tokens:revoke", "paas_pat_c4n4ry")
    assert result.exit_code == 2
    assert "c4n4ry" not in result.err
    assert signed_in.gateway.seen == []


def test_revoking_has_no_request_id_and_is_not_sent_twice(paas: Paas, signed_in: Platform) -> None:
    paas("tokens:create", "--name", "ci")
    signed_in.gateway.fail("RevokeToken", Drop())
    result = paas("tokens:revoke", "ci")
    assert len(signed_in.gateway.calls("RevokeToken")) == 1
    assert "it is not known whether the change was kept; `paas tokens:list` shows it" in result.err


def test_whoami(paas: Paas, signed_in: Platform) -> None:
    lines = paas("whoami").lines
    assert lines[0] == "subject: user:ada@example.com"
    assert "token from: PAAS_TOKEN" in lines
    document = json.loads(paas("whoami", "--json").out)
    assert document["gateway"] == signed_in.gateway.address
    assert document["permissions"] == ["apps.read", "config.read", "releases.read", "secrets.list"]
