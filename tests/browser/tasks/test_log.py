"""The log: who changed something, a proof, a file of it all, and what a leaked token read.

Leaves out what the pages say where nothing is found or somebody may not look (tests/e2e/test_dashboard_audit.py).
"""

import json
import re
from typing import Any

from tests.browser.tasks.driving import driven
from tests.e2e.installation import Paas, eventually

A_TIME = re.compile(r"\d\d:\d\d:\d\d")


def is_signed(paas: Paas, sequence: int) -> bool:
    """Whether an event is in a checkpoint yet."""
    return int(paas.ok("audit:checkpoint", "--json").document["size"]) >= sequence


def test_who_changed_a_variable(browser: Any, idle: Paas, bea: Paas) -> None:
    idle.ok("config:set", "RETRIES=1")
    bea.ok("config:set", "RETRIES=9", "-a", idle.environment["PAAS_APP"])
    idle.log_is_told()
    with driven(browser, idle, "who changed") as hand:
        hand.fill("Name", "RETRIES")
        hand.press("Enter")
        hand.is_at("account/audit?*name=RETRIES*")
        hand.sees("bea@example.com")
        words = hand.reads()
    assert words.index("bea@example.com") < words.rindex("ada@example.com")


def test_a_proof_of_an_event(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", "PROVEN=1")
    [event] = idle.ok("audit", "-a", idle.environment["PAAS_APP"], "--action", "config.set", "--json").document[
        "events"
    ]
    eventually(lambda: is_signed(idle, int(event["sequence"])), every=0.5)
    with driven(browser, idle, "proof") as hand:
        hand.click("link", A_TIME)
        file = hand.download("link", "Download its proof")
        proven = idle.ok("audit:verify-proof", str(file), "--json").document
    assert (proven["event"]["event_id"], proven["event"]["targets"]) == (event["id"], ["PROVEN"])


def test_the_log_as_a_file(browser: Any, idle: Paas) -> None:
    idle.ok("config:set", "EXPORTED=1")
    idle.log_is_told()
    with driven(browser, idle, "export") as hand:
        lines = hand.download("link", "Export as JSON Lines").read_text(encoding="utf-8").splitlines()
    assert ["EXPORTED"] in [json.loads(line)["targets"] for line in lines]


def test_what_a_leaked_token_read(browser: Any, idle: Paas) -> None:
    app = idle.environment["PAAS_APP"]
    made = idle.ok("tokens:create", "--name", "got-out", "--scope", "secrets.reveal,apps.read", "--json").document
    idle.canaries.tokens.append(made["secret"])
    for name in ("READ", "UNREAD"):
        idle.ok("secrets:set", f"{name}=-", stdin=idle.canaries.secret().encode())
    idle.as_token(made["secret"]).ok("secrets:get", "READ")
    idle.log_is_told()
    with driven(browser, idle, "incident") as hand:
        hand.click("link", "got-out")
        hand.click("link", "See what it read, and what is to be done")
        hand.sees("Incident: token got-out")
        words = hand.reads()
    read, could = words.partition("Was read")[2].split("Could have been read as well")
    assert f"READ of {app}" in read
    assert "UNREAD" in could
    assert "Revoke" in words
