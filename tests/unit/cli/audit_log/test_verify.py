"""`paas audit:verify` and `audit:checkpoint`: what is verified, what is fetched for it, and what is named.

Leaves out how files are verified (tests/unit/transparency), and what is remembered (test_remembering.py).
"""

import json
from pathlib import Path

import pytest

from tests.fakes.platform import Platform
from tests.fakes.platform.audit import entry_of, publish
from tests.fixtures.written_log import ORIGIN, a_key, a_signer
from tests.unit.cli.audit_log.conftest import EVENTS, record, remembered
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, words
from transparency.encoding import base64_of
from transparency.notes import signed
from transparency.notes.keys import Kind
from transparency.tiles.bundles import decoded, encoded


def fetched(platform: Platform) -> list[str]:
    """The files that were asked for since this was asked last."""
    paths = [request.path for request in platform.gateway.calls("ReadLogFile")]
    platform.gateway.seen.clear()
    return paths


def test_all_is_verified_the_first_time_and_then_what_was_added(paas: Paas, logged: Platform, home: Path) -> None:
    first = paas("audit:verify")
    assert first.exit_code == 0
    assert first.lines == [
        "✓ The log has 300 events, which is seen for the first time. All of them are what it committed to."
    ]
    assert "its key is trusted from now on" in first.err
    assert {path for path in fetched(logged) if "entries" in path} == {"tile/entries/000", "tile/entries/001.p/44"}
    assert remembered(home)["verified"] == EVENTS

    record(logged, 300)
    again = paas("audit:verify")
    assert again.exit_code == 0
    assert again.lines[0].startswith("✓ The log has 600 events and goes on from the 300 seen 20")
    assert again.lines[0].endswith("Z. The 300 added since the last verification are what it committed to.")
    assert again.err == ""
    assert {path for path in fetched(logged) if "entries" in path} == {"tile/entries/001", "tile/entries/002.p/88"}

    assert ". None was added since they were verified." in paas("audit:verify").out
    assert not [path for path in fetched(logged) if "entries" in path]
    assert "All of them are what it committed to." in paas("audit:verify", "--all").out
    assert len([path for path in fetched(logged) if "entries" in path]) == 3


def test_what_was_seen_and_not_verified_is_verified_later(paas: Paas, logged: Platform, home: Path) -> None:
    paas("audit:verify")
    record(logged, 300)
    assert paas("audit:checkpoint").exit_code == 0
    assert (remembered(home)["verified"], remembered(home)["checkpoint"].split("\n")[1]) == (300, "600")
    assert "The 300 added since the last verification" in paas("audit:verify").out


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tile/entries/000", "Event 8 of the audit log does not fit: "),
        ("tile/entries/001.p/44", "Event 264 of the audit log does not fit: "),
        ("tile/0/000", "The hashes of the audit log from event 1 on do not fit: "),
        ("tile/0/001.p/44", "The audit log does not fit its checkpoint: "),
    ],
)
def test_what_was_changed_is_named(paas: Paas, logged: Platform, path: str, words: str) -> None:
    content = logged.log.files[path]
    if "entries" in path:
        entries = decoded(content)
        entries[7] = entries[7].replace(b"user:ada", b"user:eve")
        logged.log.files[path] = encoded(entries)
    else:
        logged.log.files[path] = bytes([content[0] ^ 1]) + content[1:]
    result = paas("audit:verify")
    assert (result.exit_code, result.out) == (1, "")
    assert words in result.err
    assert path in result.err


def test_an_event_at_another_place_is_named(paas: Paas, signed_in: Platform) -> None:
    """Everything fits the checkpoint: it is the log itself that says two things."""
    for _ in range(3):
        signed_in.record("config.set", "web", "A")
    signed_in.events[1].sequence = 3
    signed_in.log.grow([entry_of(event) for event in signed_in.events])
    result = paas("audit:verify")
    assert result.exit_code == 1
    assert "Event 2 of the audit log does not fit: the event says that it is at another place" in result.err
    assert "tile/entries/000.p/3" in result.err


def test_an_entry_that_is_no_event_is_named(paas: Paas, signed_in: Platform) -> None:
    signed_in.record("config.set", "web", "A")
    signed_in.record("config.set", "web", "A")
    signed_in.log.grow([entry_of(signed_in.events[0]), b'{ "sequence": "2" }'])
    assert "Event 2 of the audit log does not fit: " in paas("audit:verify").err


def test_who_is_limited_to_apps_verifies_hashes(paas: Paas, logged: Platform, home: Path) -> None:
    logged.is_limited_to_apps = True
    result = paas("audit:verify", "--json")
    assert result.exit_code == 0
    document = json.loads(result.out)
    assert (document["hashes_alone"], document["events_verified"], document["size"]) == (True, 0, EVENTS)
    assert remembered(home)["verified"] == 0
    assert "Hashes alone were verified, and no event: you are limited to some apps" in paas("audit:verify").out
    logged.log.files["tile/0/000"] = bytes(8192)
    assert paas("audit:verify", "--all").exit_code == 1


def test_some_entries_can_not_be_kept_back(paas: Paas, logged: Platform) -> None:
    """A log that hides the ones that do not fit would be told as one whose reader may see none."""
    request, before = logged.gateway.routes["/paas.audit.v1.AuditService/ReadLogFile"]

    def hiding(asked: object) -> object:
        logged.is_limited_to_apps = getattr(asked, "path", "") == "tile/entries/001.p/44"
        return before(asked)

    logged.gateway.routes["/paas.audit.v1.AuditService/ReadLogFile"] = (request, hiding)  # type: ignore[assignment]
    for _ in range(2):
        logged.is_limited_to_apps = False
    result = paas("audit:verify")
    assert result.exit_code == 1
    assert "some of its entries are kept back" in result.err


def test_a_file_without_end_is_not_taken(paas: Paas, logged: Platform) -> None:
    logged.log.files["tile/0/000"] = bytes(200_000)
    result = paas("audit:verify")
    assert result.exit_code == 1
    assert "tile/0/000 is larger than it may be" in result.err


def test_a_checkpoint_is_shown_and_is_the_note_itself(paas: Paas, logged: Platform) -> None:
    shown = dict(line.split(": ", 1) for line in paas("audit:checkpoint").lines)
    assert (shown["origin"], shown["size"], shown["root"]) == (ORIGIN, "300", base64_of(logged.log.root()))
    assert shown["key"] == a_key().text
    document = json.loads(paas("audit:checkpoint", "--json").out)
    assert (document["root"], document["keys"], document["cosigned"]) == (shown["root"], [shown["key"]], [])
    assert paas("audit:checkpoint", "--raw").out.encode() == logged.log.files["checkpoint"]
    assert paas("audit:checkpoint", "--raw", "--json").exit_code == 2


def policy_of(count: int, *witnesses: str) -> str:
    lines = [f"log {a_key().text}"]
    lines += [f"witness {each} {a_key(each, Kind.COSIGNATURE).text}" for each in witnesses]
    return "\n".join([*lines, f"group all {count} {' '.join(witnesses)}", "quorum all", ""])


def cosign(platform: Platform, *witnesses: str) -> None:
    note = signed.parsed(platform.log.files["checkpoint"])
    cosignatures = [
        signed.cosigned(note.text, a_key(each, Kind.COSIGNATURE), a_signer(each), time=1_800_000_000)
        for each in witnesses
    ]
    platform.log.files["checkpoint"] = note.with_signatures(cosignatures).encoded()


@pytest.mark.parametrize("command", ["audit:verify", "audit:checkpoint"])
def test_as_many_witnesses_as_a_policy_asks_for(paas: Paas, logged: Platform, command: str) -> None:
    Path("two.policy").write_text(policy_of(2, "w1", "w2", "w3"), encoding="utf-8")
    cosign(logged, "w1", "w4")
    refused = paas(command, "--policy", "two.policy")
    assert (refused.exit_code, refused.out) == (1, "")
    assert "not cosigned by as many witnesses as the policy asks for" in refused.err
    cosign(logged, "w3")
    accepted = paas(command, "--policy", "two.policy", "--json")
    assert accepted.exit_code == 0
    assert [each["witness"] for each in json.loads(accepted.out)["cosigned"]] == ["w1", "w3"]
    assert json.loads(accepted.out)["cosigned"][0]["at"] == "2027-01-15T08:00:00Z"


def test_a_policy_names_the_log_as_well(paas: Paas, logged: Platform) -> None:
    Path("other.policy").write_text(f"log {a_key('other.example/log').text}\nquorum none\n", encoding="utf-8")
    assert logged.log.size
    result = paas("audit:verify", "--policy", "other.policy")
    assert result.exit_code == 1
    Path("bad.policy").write_text("log nothing\n", encoding="utf-8")
    assert "bad.policy is no policy: line 1 of the policy" in paas("audit:verify", "--policy", "bad.policy").err
    assert paas("audit:verify", "--policy", "bad.policy", "--trust-key", a_key().text).exit_code == 2


def test_a_log_that_is_away_or_not_there_yet_is_said_so(paas: Paas, signed_in: Platform) -> None:
    assert "The audit log has no event yet." in paas("audit:verify").err
    signed_in.record("config.set", "web", "A")
    publish(signed_in)
    signed_in.gateway.fail("GetLog", ConnectionError())
    assert paas("audit:verify").exit_code == 5


@pytest.mark.parametrize("columns", ["60", "80"])
def test_a_bar_is_drawn_on_a_terminal_and_leaves_one_sentence(logged: Platform, columns: str) -> None:
    assert logged.log.size
    terminal = Terminal("audit:verify", environ={"COLUMNS": columns})
    assert terminal.end() == 0
    assert "verifying" in terminal.screen
    assert "All of them are what it committed to." in words(terminal.screen)
    assert "Traceback" not in terminal.screen
