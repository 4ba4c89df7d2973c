"""Releases: going back, seeing why one failed, and several changes in one."""

from typing import Any

from tests.browser.tasks.driving import driven
from tests.e2e.installation import PROGRAM, Paas, config_of, eventually, health, releases, settled

# It says why and ends where it has BAD in its environment, and is the program it is given otherwise. That answers, so
# that it is told from this one however long this one takes to end.
FAILS = 'test -z "$BAD" || { echo "no database of the name $BAD" >&2; exit 3; }; exec "$@"'


def changed(paas: Paas, *variables: str) -> int:
    """Set variables, and return the number of the release of it once that has ended, also where it was made late."""
    number = len(releases(paas)) + 1
    paas.ok("config:set", *variables)
    eventually(lambda: len(settled(paas)) == number)
    return number


def test_going_back_after_a_look(browser: Any, idle: Paas) -> None:
    number = changed(idle, "LEVEL=1", "STAYS=1")
    changed(idle, "LEVEL=2")
    with driven(browser, idle, "roll back") as hand:
        hand.click("link", "Releases")
        hand.click("link", f"Roll back to v{number}")
        hand.sees(f"Roll back to v{number}?")
        assert "LEVEL changed" in hand.reads()
        assert "STAYS" not in hand.reads()
        hand.click("button", f"Roll back to v{number}")
        hand.is_at_a_release()
    assert config_of(idle) == {"LEVEL": "1", "STAYS": "1"}


def test_why_a_release_failed(browser: Any, ada: Paas) -> None:
    ada.ok("apps:create", "fails", "--instances", "1", *health(1), "--", "/bin/sh", "-c", FAILS, "sh", *PROGRAM)
    paas = ada.with_(PAAS_APP="fails")
    paas("config:set", "BAD=orders")
    failed = eventually(lambda: [each["number"] for each in settled(paas) if each["state"] == "failed"])[0]
    with driven(browser, paas, "why failed") as hand:
        hand.click("link", f"v{failed}")
        hand.sees("no database of the name")
        # Not even there is a value.
        assert "orders" not in hand.source()


def test_several_changes_are_staged_and_released_together(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", "BY_SOMEBODY=1", "--stage")
    before = len(releases(idle))
    with driven(browser, idle, "stage") as hand:
        hand.paste("LOG_LEVEL=debug\nREGION=eu\n")
        hand.is_at("pending")
        hand.click("button", "Stage for later")
        hand.is_at("staged")
        assert len(releases(idle)) == before
        hand.click("button", "Release all 3")
        hand.is_at_a_release()
    assert len(settled(idle)) == before + 1
    assert config_of(idle) == {"BY_SOMEBODY": "1", "LOG_LEVEL": "debug", "REGION": "eu"}
