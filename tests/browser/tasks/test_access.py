"""Access: tokens, trusts, a secret's new value, and the end of all sign-ins.

Leaves out what tokens and trusts refuse (tests/e2e/test_dashboard_account.py).
"""

from typing import Any

from tests.browser.tasks.driving import driven
from tests.browser.visits import window
from tests.e2e.installation import Installation, Paas, environments
from tests.e2e.test_dashboard_account import job_token

SUBJECT = "repo:octo@123456/app@456789:ref:refs/heads/main"


def a_token(paas: Paas, name: str) -> Paas:
    """`paas` as whoever holds a new token."""
    made = paas.ok("tokens:create", "--name", name, "--ttl", "30d", "--json").document
    paas.canaries.tokens.append(made["secret"])
    return paas.as_token(made["secret"])


def is_let_in(paas: Paas) -> bool:
    """Whether what it is signed in with is good."""
    return paas("whoami").exit_code == 0


def test_a_token_for_ci(browser: Any, installation: Installation, idle: Paas) -> None:
    app, other = idle.environment["PAAS_APP"], installation.new_app(idle, instances=0).environment["PAAS_APP"]
    with driven(browser, idle, "ci token") as hand:
        hand.click("link", "New token")
        hand.fill("What it is for", "deploys")
        hand.tick("In these apps alone")
        hand.tick(app)
        hand.choose("How long it lives", "90d")
        hand.click("button", "Make the token")
        hand.sees("Copy its text now.")
        hand.click("button", "Copy")
        hand.sees("Copied")
        token = hand.clipboard()
    idle.canaries.tokens.append(token)
    held = idle.as_token(token)
    assert held.ok("config:set", "FROM_CI=1").exit_code == 0
    assert held("config:set", "FROM_CI=1", "-a", other).exit_code != 0
    assert held("secrets:get", "ANY").exit_code != 0
    [listed] = [each for each in idle.ok("tokens:list", "--json").document["tokens"] if each["name"] == "deploys"]
    assert listed["apps"] == [app]


def test_a_new_text_for_a_token(browser: Any, ada: Paas) -> None:
    before = a_token(ada, "turned")
    with driven(browser, ada, "rotate a token") as hand:
        hand.click("link", "turned")
        hand.click("button", "Rotate")
        hand.sees("Copy its text now.")
        hand.click("button", "Copy")
        hand.sees("Copied")
        token = hand.clipboard()
    ada.canaries.tokens.append(token)
    after = ada.as_token(token)
    assert after.ok("whoami", "--json").document["subject"] == "pat:turned"
    assert is_let_in(before)


def test_a_token_is_revoked(browser: Any, ada: Paas) -> None:
    held = a_token(ada, "given-up")
    assert is_let_in(held)
    with driven(browser, ada, "revoke") as hand:
        hand.click("link", "given-up")
        hand.sees("No other token was made with it")
        hand.click("button", "Revoke given-up")
        hand.sees("given-up is revoked.")
    assert not is_let_in(held)


def test_a_trust_is_made_and_tested(browser: Any, ada: Paas) -> None:
    with driven(browser, ada, "trust") as hand:
        hand.click("link", "New trust")
        hand.fill("Name", "octo")
        hand.fill("Subject", SUBJECT)
        hand.click("button", "Make the trust")
        hand.sees("The trust octo is made.")
        hand.fill("The job's token", job_token(sub=SUBJECT.replace("main", "dev")))
        hand.click("button", "Test it")
        hand.sees("It would not be exchanged.")
        assert f"wanted {SUBJECT}" in hand.reads()
    [trust] = [each for each in ada.ok("tokens:trust", "list", "--json").document["trusts"] if each["name"] == "octo"]
    assert trust["subject"] == SUBJECT


def test_a_secret_has_a_new_value_and_the_former_one_for_a_day(browser: Any, paas: Paas) -> None:
    former = paas.canaries.secret()
    paas.ok("secrets:set", "API_KEY=-", stdin=former.encode())
    with driven(browser, paas, "rotate a secret") as hand:
        hand.click("link", "API_KEY")
        hand.choose("The value before", "24h")
        hand.click("button", "Rotate and release")
        hand.is_at_a_release()
        hand.sees("succeeded")
    for environment in environments(paas):
        assert environment["API_KEY_PREVIOUS"] == former
        assert environment["API_KEY"] not in ("", former)


def test_all_sign_ins_are_ended(browser: Any, bea: Paas) -> None:
    with window(browser, bea) as elsewhere:
        with driven(browser, bea, "sign out") as hand:
            hand.click_words("bea@example.com")
            hand.click("button", "Sign out everywhere")
            hand.sees("You are signed out")
        elsewhere.open("account/tokens")
        assert "Sign in" in elsewhere.words()
