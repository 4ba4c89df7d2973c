"""Variables: what is pasted, changed, copied, looked at and compared, and in how many actions.

Leaves out how it is refused and shown (tests/browser/test_variables.py, test_reveal.py).
"""

from typing import Any

from tests.browser.tasks.driving import driven
from tests.e2e.installation import Installation, Paas, config_of, environments, events, releases, secret_names, settled

SECRETS = 20
PASTE = "Paste a .env anywhere on this page, or type NAME=value"


def a_file(paas: Paas, *, lines: int) -> dict[str, str]:
    """What is in a `.env` of so many lines; every fifth looks like a credential."""
    return {
        f"SERVICE_{line}_TOKEN" if line % 5 == 0 else f"SETTING_{line}": (
            paas.canaries.secret() if line % 5 == 0 else paas.canaries.config()
        )
        for line in range(lines)
    }


def test_a_pasted_file_becomes_one_release(browser: Any, paas: Paas) -> None:
    pasted, before = a_file(paas, lines=100), len(releases(paas))
    with driven(browser, paas, "paste") as hand:
        hand.paste("".join(f"{name}={value}\n" for name, value in pasted.items()))
        hand.is_at("pending")
        assert "100 changes, one release" in hand.reads()
        hand.click("button", "Save and release")
        hand.is_at_a_release()
        hand.sees("succeeded")
    assert len(settled(paas)) == before + 1
    assert (len(config_of(paas)), len(secret_names(paas))) == (100 - SECRETS, SECRETS)
    assert all(pasted.items() <= environment.items() for environment in environments(paas))


def test_one_value_is_changed(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", "LOG_LEVEL=info", "REGION=eu")
    with driven(browser, idle, "change") as hand:
        hand.fill(PASTE, "LOG_LEVEL=debug")
        hand.press("Control+Enter")
        hand.click("button", "Save and release")
        hand.is_at_a_release()
    assert config_of(idle) == {"LOG_LEVEL": "debug", "REGION": "eu"}


def test_a_value_is_copied(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", "A=1", "LOG_LEVEL=info")
    with driven(browser, idle, "copy") as hand:
        hand.click("button", "Copy LOG_LEVEL")
        hand.sees("Copied")
        assert hand.clipboard() == "info"


def test_a_secret_is_copied_without_being_shown(browser: Any, idle: Paas) -> None:
    secret = idle.canaries.secret()
    idle.ok("secrets:set", "API_KEY=-", stdin=secret.encode())
    with driven(browser, idle, "copy a secret") as hand:
        hand.click("button", "Copy API_KEY without showing it")
        hand.sees("Copied")
        assert hand.clipboard() == secret
        assert secret not in hand.source()
    assert len(events(idle, app=idle.environment["PAAS_APP"], action="secrets.get")) == 1


def test_a_secret_is_looked_at(browser: Any, idle: Paas) -> None:
    secret = idle.canaries.secret()
    idle.ok("secrets:set", "API_KEY=-", stdin=secret.encode())
    with driven(browser, idle, "reveal") as hand:
        hand.click("button", "Reveal API_KEY")
        hand.write("an alert of last night")
        hand.press("Enter")
        hand.sees(secret)
    assert len(events(idle, app=idle.environment["PAAS_APP"], action="secrets.get")) == 1


def test_who_read_a_secret(browser: Any, idle: Paas, bea: Paas) -> None:
    idle.ok("secrets:set", "API_KEY=-", stdin=idle.canaries.secret().encode())
    bea.ok("secrets:get", "API_KEY", "-a", idle.environment["PAAS_APP"])
    idle.log_is_told()
    with driven(browser, idle, "who read") as hand:
        hand.click("link", "API_KEY")
        hand.sees("Who read it")
        assert "bea@example.com" in hand.reads().partition("Who read it")[2].partition("Who changed it")[0]


def test_a_row_is_taken_over_from_another_app(browser: Any, installation: Installation, idle: Paas) -> None:
    other = installation.new_app(idle, instances=0)
    other.ok("config:set", "LOG_LEVEL=warn", "THEIRS=1")
    idle.ok("config:set", "LOG_LEVEL=info")
    with driven(browser, idle, "compare") as hand:
        hand.click("link", "Compare with another app")
        hand.click("link", other.environment["PAAS_APP"])
        hand.click("button", "Take over LOG_LEVEL")
        hand.click("button", "Save and release")
        hand.is_at_a_release()
    assert config_of(idle) == {"LOG_LEVEL": "warn"}
