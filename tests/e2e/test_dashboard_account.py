"""Pages of nobody's app over HTTP, through the gateway: tokens, CI trusts, keys.

Leaves out what only a browser shows (tests/browser), the sign-in, and the pages of apps (test_dashboard_pages.py).
"""

import base64
import json
import re

import pytest

from tests.e2e.at_dashboard import AtDashboard, hidden, told
from tests.e2e.installation import Installation, Paas

TOKEN = re.compile(r"paas_pat_[0-9A-Za-z]{36}")


@pytest.fixture(scope="module")
def app(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app chosen that has no instances, for all tests here."""
    return installation.new_app(ada, instances=0)


@pytest.fixture(scope="module")
def visitor(ada: Paas, installation: Installation) -> AtDashboard:
    """An admin at the dashboard."""
    return AtDashboard.as_(ada, installation)


@pytest.fixture(scope="module")
def eve(installation: Installation) -> AtDashboard:
    """Somebody who may look."""
    return AtDashboard.as_(installation.person("eve@example.com", role="viewer"), installation)


def make(visitor: AtDashboard, paas: Paas, name: str, *scopes: str) -> Paas:
    """A token made on the page; `paas` as whoever holds it."""
    page = visitor.get("account/tokens/new")
    made = visitor.ask(
        "account/tokens",
        *(("scope", scope) for scope in scopes),
        name=name,
        apps="all",
        lifetime="7d",
        request_id=hidden(page, "request_id"),
    )
    assert made.status == 200, made.html
    secret = told(made)["secret"]
    paas.canaries.tokens.append(secret)
    return paas.as_token(secret)


def id_of(visitor: AtDashboard, name: str) -> str:
    """The id of the newest token of a name, as the list links it."""
    found = re.findall(rf'account/tokens/([0-9a-f]+)">{name}<', visitor.get("account/tokens").html)
    return str(found[0])


def test_a_token_is_made_and_its_text_is_in_no_page(visitor: AtDashboard, app: Paas) -> None:
    held = make(visitor, app, "made-here", "config.read", "apps.read")
    assert held.ok("whoami", "--json").document["permissions"] == ["apps.read", "config.read"]
    listed = visitor.get("account/tokens")
    assert "made-here" in listed.text
    page = visitor.get(f"account/tokens/{id_of(visitor, 'made-here')}")
    assert not TOKEN.search(listed.html + page.html)
    assert listed.headers["cache-control"] == "no-store"


def test_without_a_script_no_token_is_made(visitor: AtDashboard) -> None:
    page = visitor.get("account/tokens/new")
    refused = visitor.post(
        "account/tokens", name="unmade", scope="apps.read", lifetime="7d", request_id=hidden(page, "request_id")
    )
    assert (refused.status, TOKEN.search(refused.html)) == (409, None)
    assert "paas tokens:create" in refused.text
    assert "unmade" not in visitor.get("account/tokens").text


def test_what_is_wrong_with_a_token_is_told_to_the_script(visitor: AtDashboard, app: Paas) -> None:
    make(visitor, app, "taken", "apps.read")
    for fields, sentence in (
        ({"name": "", "scope": "apps.read"}, "Give the token a name"),
        ({"name": "none"}, "at least one thing"),
        ({"name": "taken", "scope": "apps.read"}, "taken"),
        ({"name": "a", "scope": "apps.read", "apps": "only", "app": "no-such-app"}, "There is no app"),
    ):
        answer = visitor.ask("account/tokens", lifetime="7d", request_id="wrong-tokens", **fields)
        assert answer.status in (404, 409, 422)
        assert sentence in told(answer)["error"]


def test_a_token_is_rotated_with_an_overlap_and_revoked_with_all(visitor: AtDashboard, app: Paas) -> None:
    before = make(visitor, app, "parent", "apps.read", "tokens.manage")
    token = id_of(visitor, "parent")
    page = visitor.get(f"account/tokens/{token}")
    rotated = visitor.ask(f"account/tokens/{token}/rotate", overlap="1h", request_id=hidden(page, "request_id"))
    assert "The text before ends" in told(rotated)["about"]
    app.canaries.tokens.append(told(rotated)["secret"])
    after = app.as_token(told(rotated)["secret"])
    assert before("whoami").exit_code == after("whoami").exit_code == 0
    after.ok("tokens:create", "--name", "child", "--scope", "apps.read")

    page = visitor.get(f"account/tokens/{id_of(visitor, 'parent')}")
    assert "an earlier text of it" in page.text
    assert "child , made with parent" in page.text
    assert "Revoke parent and 2 more" in page.text
    done = visitor.post(f"account/tokens/{id_of(visitor, 'parent')}/revoke")
    assert "parent is revoked, and with it 1 token it was rotated from and 1 token made with it." in done.text
    assert (before("whoami").exit_code, after("whoami").exit_code) == (3, 3)
    # It is told once.
    assert "is revoked" not in visitor.get("account/tokens").text
    assert visitor.post(f"account/tokens/{token}/revoke").status == 404


def test_who_may_not_manage_tokens_is_offered_none(eve: AtDashboard) -> None:
    assert "account/tokens" not in eve.get("").html
    refused = eve.get("account/tokens")
    assert refused.status == 403
    assert "tokens.manage" in refused.text
    answer = eve.ask("account/tokens", name="a", scope="apps.read", lifetime="7d", request_id="eve-tries")
    assert answer.status == 403
    assert "tokens.manage" in told(answer)["error"]


def test_a_form_of_another_session_changes_nothing(
    visitor: AtDashboard, ada: Paas, app: Paas, installation: Installation
) -> None:
    make(visitor, app, "stays", "apps.read")
    token = id_of(visitor, "stays")
    other = AtDashboard.as_(ada, installation)
    other.take_form_of(visitor)
    assert other.post(f"account/tokens/{token}/revoke").status == 403
    assert "stays" in visitor.get("account/tokens").text


def test_keys_are_rotated_by_who_is_sure_and_may(visitor: AtDashboard, eve: AtDashboard, app: Paas) -> None:
    app.ok("secrets:set", "KEYED=-", stdin=b"kept")
    page = visitor.get("account/keys")
    assert "paas keys:shred" in page.text
    before = app.ok("keys", "--json").document["generation"]
    assert visitor.post("account/keys/rotate", request_id=hidden(page, "request_id")).status == 422
    done = visitor.post("account/keys/rotate", sure="1", request_id=hidden(page, "request_id"))
    assert f"Generation {before + 1} seals from now on" in done.text
    assert app.ok("secrets:get", "KEYED").out == "kept\n"
    assert eve.get("account/keys").status == 403
    assert eve.post("account/keys/rotate", sure="1", request_id="eve-tries").status == 403
    assert app.ok("keys", "--json").document["generation"] == before + 1


def test_a_trust_is_made_tested_and_removed(visitor: AtDashboard, eve: AtDashboard, app: Paas) -> None:
    asked = {
        "provider": "github",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:octo/app:ref:refs/heads/main",
        "name": "octo-app",
        "lifetime": "5m",
        "apps": "only",
        "app": app.environment["PAAS_APP"],
        "scope": "config.write",
    }
    page = visitor.get("account/trusts/new?ci=github")
    # What was typed is there again where the service refuses it.
    refused = visitor.post("account/trusts", request_id=hidden(page, "request_id"), **asked)
    assert refused.status == 422
    assert "repository_id" in refused.text
    assert 'value="repo:octo/app:ref:refs/heads/main"' in refused.html
    made = visitor.post(
        "account/trusts",
        request_id=hidden(refused, "request_id"),
        claims="repository_owner_id=123456\r\nrepository_id=456789\r\n",
        **asked,
    )
    assert "The trust octo-app is made." in made.text
    assert "PAAS_TRUST=" in made.text
    [trust] = app.ok("tokens:trust", "list", "--json").document["trusts"]
    assert trust["claims"] == {"repository_owner_id": "123456", "repository_id": "456789"}
    assert (trust["ttl_seconds"], trust["permissions"], trust["apps"]) == (300, ["config.write"], [asked["app"]])

    token = job_token(sub="repo:octo/app:ref:refs/heads/dev")
    tested = visitor.post(f"account/trusts/{trust['id']}/test", token=f" {token}\r\n")
    assert "It would not be exchanged." in tested.text
    assert "failed: wanted repo:octo/app:ref:refs/heads/main , found repo:octo/app:ref:refs/heads/dev" in tested.text
    assert not any(part in tested.html for part in token.split("."))
    wrong = visitor.post(f"account/trusts/{trust['id']}/test", token="not-a-canary-token")
    assert (wrong.status, "not-a-canary-token" in wrong.html) == (422, False)

    assert eve.get("account/trusts").status == 403
    assert eve.post(f"account/trusts/{trust['id']}/remove").status == 403
    assert "The trust octo-app is removed." in visitor.post(f"account/trusts/{trust['id']}/remove").text
    assert app.ok("tokens:trust", "list", "--json").document["trusts"] == []
    assert visitor.get(f"account/trusts/{trust['id']}").status == 404


def job_token(**claims: str) -> str:
    """A token that nobody has signed, as far as one looks at it."""
    parts = ({"alg": "RS256", "kid": "k"}, {"iss": "https://token.actions.githubusercontent.com", **claims})
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*texts, "c2lnbmF0dXJl"))
