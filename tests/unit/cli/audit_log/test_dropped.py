"""A log of which events were dropped when their time was over: what is verified, what is told, and what is refused.

Leaves out how they are dropped (tests/integration/audit/retention).
"""

import json
from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.fakes.platform.audit import proof_of, publish, retain
from tests.unit.cli.audit_log.conftest import EVENTS, record, remembered
from tests.unit.cli.conftest import Paas

_DROPPED = 280
_WORDS = "Events 1 to 280 were dropped 2027-06-05T00:00:00Z, their time being over"


def test_hashes_of_all_and_the_events_there_are_are_verified(paas: Paas, logged: Platform, home: Path) -> None:
    retain(logged, _DROPPED)
    result = paas("audit:verify")
    assert result.exit_code == 0
    first, rest = "✓ The log has 301 events, which is seen for the first time.", "are what it committed to."
    assert result.lines == [f"{first} {_WORDS}, as event 301 says: their hashes, and all events since, {rest}"]
    assert remembered(home)["verified"] == EVENTS + 1
    assert "None was added since they were verified" in paas("audit:verify").out
    document = json.loads(paas("audit:verify", "--all", "--json").out)
    told = {"up_to": 280, "before": "2026-05-01T00:00:00Z", "at": "2027-06-05T00:00:00Z", "told_in": 301}
    assert (document["events_verified"], document["dropped"]) == (21, told)


def test_hashes_of_what_was_dropped_are_still_verified(paas: Paas, logged: Platform) -> None:
    retain(logged, _DROPPED)
    content = logged.log.files["tile/0/000"]
    logged.log.files["tile/0/000"] = bytes([content[0] ^ 1]) + content[1:]
    result = paas("audit:verify")
    assert result.exit_code == 1
    assert "The hashes of the audit log from event 1 on do not fit" in result.err


def test_what_is_missing_and_was_not_declared_is_named(paas: Paas, logged: Platform) -> None:
    record(logged, 300)
    retain(logged, _DROPPED)
    del logged.log.files["tile/entries/001"]
    result = paas("audit:verify")
    assert result.exit_code == 1
    assert "Event 257 of the audit log does not fit: tile/entries/001 is not there" in result.err


@pytest.mark.parametrize("change", ["more", "another event", "no event", "before"])
def test_what_the_log_itself_does_not_say_is_refused(paas: Paas, logged: Platform, change: str) -> None:
    retain(logged, _DROPPED)
    assert logged.dropped is not None
    if change == "more":
        logged.dropped.first_kept += 1
    else:
        logged.dropped.told_in = {"another event": 300, "no event": 302, "before": 5}[change]
    result = paas("audit:verify")
    assert (result.exit_code, result.out) == (1, "")
    assert "events are said to be dropped, and the log has no event that says so" in result.err


def test_a_list_says_that_older_events_were_dropped(paas: Paas, logged: Platform) -> None:
    retain(logged, _DROPPED)
    words = f"note: events recorded before 2026-05-01T00:00:00Z are not shown. {_WORDS}."
    assert words in paas("audit", "--since", "2026-04-01", "-n", "5").err
    assert words in paas("audit", "-n", "100").err
    assert words in paas("audit:export").err
    for others in (["-n", "5"], ["--since", "2026-05-02"], ["--since", "2026-04-01", "--json"]):
        assert "dropped" not in paas("audit", *others).err


def test_a_proof_of_what_was_dropped_still_verifies(paas: Paas, logged: Platform, tmp_path: Path) -> None:
    file = tmp_path / "reveal.tlog-proof"
    file.write_bytes(proof_of(logged, "e7"))
    key = publish(logged).key.text
    retain(logged, _DROPPED)
    result = paas("audit:verify-proof", str(file), "--key", key)
    assert result.exit_code == 0
    assert "This is event 7 of the log" in result.out


def test_who_is_limited_to_apps_verifies_hashes_of_all(paas: Paas, logged: Platform) -> None:
    retain(logged, _DROPPED)
    logged.is_limited_to_apps = True
    assert "Hashes alone were verified, and no event" in paas("audit:verify").out
