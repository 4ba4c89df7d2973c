"""Secrets: every way a value gets in, the one way it gets out, and that it shows nowhere else.

Leaves out what is taken off a value that is read, prompts, and words in a wrong place (`typed`).
"""

import json
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

CANARY = "c4n4ry-value"
MASK = "•" * 16


def test_64_kib_through_stdin_and_file_and_not_one_byte_more(paas: Paas, signed_in: Platform, tmp_path: Path) -> None:
    exact = b"x" * 65536
    (tmp_path / "exact").write_bytes(exact)
    (tmp_path / "over").write_bytes(exact + b"y")
    result = paas("secrets:set", "A=-", f"B=@{tmp_path / 'exact'}", stdin=exact + b"\n")
    assert result.exit_code == 0
    assert {len(value) for value in signed_in.apps["web"].secrets.values()} == {65536}
    for item, stdin in ((f"C=@{tmp_path / 'over'}", b""), ("C=-", exact * 3), ("C=-", "é".encode() * 99999)):
        refused = paas("secrets:set", item, stdin=stdin)
        assert refused.exit_code == 1
        assert refused.err.startswith("error: Nothing was changed: C has a value of more than 65536 bytes")
    assert "C" not in signed_in.apps["web"].secrets


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"ok\xc3"])
def test_bytes_that_are_not_text_are_refused_by_name(
    paas: Paas, signed_in: Platform, tmp_path: Path, bad: bytes
) -> None:
    (tmp_path / "f").write_bytes(bad)
    for item in ("K=-", f"K=@{tmp_path / 'f'}"):
        result = paas("secrets:set", item, stdin=bad)
        assert result.exit_code == 1
        assert "The value of K is not UTF-8 text" in result.err
    assert signed_in.apps["web"].secrets == {}


def test_nul_is_refused_by_name(paas: Paas, signed_in: Platform) -> None:
    result = paas("secrets:set", "K=-", stdin=b"a\0b")
    assert result.exit_code == 1
    assert "K has a value with a NUL" in result.err
    assert signed_in.gateway.calls("SetSecrets") == []


def test_only_one_value_can_come_from_stdin(paas: Paas, signed_in: Platform) -> None:
    assert paas("secrets:set", "A=-", "B=-", stdin=b"x").exit_code == 2
    assert signed_in.apps["web"].secrets == {}


def test_a_bare_name_needs_a_terminal(paas: Paas, signed_in: Platform) -> None:
    result = paas("secrets:set", "K")
    assert result.exit_code == 2
    assert "K=-" in result.err
    assert signed_in.gateway.seen == []


def test_a_file_that_is_missing_is_not_quoted_because_it_may_be_the_value(paas: Paas, signed_in: Platform) -> None:
    assert signed_in.apps
    for arguments in (("secrets:set", f"K=@{CANARY}"), ("secrets:rotate", "K", "--value-file", CANARY)):
        result = paas(*arguments)
        assert result.exit_code == 1
        assert "The file for K can't be read: no such file or directory." in result.err
        assert CANARY not in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("secrets:set", f"{CANARY}"),
        ("secrets:set", f"{CANARY}=="),
        ("secrets:set", f"K={CANARY}", "1X=2"),
        ("secrets:set", f"K={CANARY}", f"--{CANARY}X"),
        ("secrets:set", f"PATH={CANARY}"),
        ("secrets:set", f"K={CANARY}\udcff"),
        ("secrets:set", f"K={CANARY}", "-a", "no-such-app"),
        ("secrets:get", "K", CANARY),
        ("secrets:get", CANARY),
        ("secrets:unset", CANARY),
        ("secrets:rotate", CANARY),
        ("secrets:set", f"K={CANARY}", "--dry-run"),
        ("secrets:set", f"K={CANARY}", "--json"),
        ("secrets:set", f"K={CANARY}", "--debug"),
    ],
)
def test_a_value_is_never_echoed(paas: Paas, signed_in: Platform, arguments: tuple[str, ...]) -> None:
    assert signed_in.apps
    result = paas(*arguments)
    assert CANARY not in result.out + result.err


def test_dry_run_masks(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["OLD"] = "1"
    result = paas("secrets:set", "NEW=x", "OLD=2", "--dry-run")
    assert result.out == f"Would add NEW={MASK}\nWould change OLD={MASK}\nA release would follow\n"
    assert signed_in.apps["web"].secrets == {"OLD": "1"}


def test_get_prints_the_value_alone(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["K"] = "two\nlines\x1b[31m"
    assert paas("secrets:get", "K").out == "two\nlines\x1b[31m\n"
    assert paas("secrets:get", "K", "-n").out == "two\nlines\x1b[31m"
    assert json.loads(paas("secrets:get", "K", "--json").out) == {
        "app": "web",
        "name": "K",
        "value": "two\nlines\x1b[31m",
    }
    assert [event.action for event in signed_in.events] == ["secrets.get"] * 3


def test_get_of_several_is_what_a_reader_of_env_files_reads_back(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets |= {"A": "plain", "B": "two\nlines 'x'", "C": "", "D": "$HOME #"}
    printed = paas("secrets:get", "B", "A", "C", "D").out
    assert dotenv_values(stream=StringIO(printed), interpolate=False) == {
        name: signed_in.apps["web"].secrets[name] for name in ("B", "A", "C", "D")
    }
    assert printed.startswith("B=")
    assert json.loads(paas("secrets:get", "B", "A", "--json").out) == {
        "app": "web",
        "secrets": [{"name": "B", "value": "two\nlines 'x'"}, {"name": "A", "value": "plain"}],
    }
    assert [list(event.targets) for event in signed_in.events] == [["B", "A", "C", "D"], ["B", "A"]]


def test_get_of_several_is_all_or_nothing(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["K"] = CANARY
    missing = paas("secrets:get", "K", "NONE", "NOR_THIS")
    assert (missing.exit_code, missing.out) == (1, "")
    assert "NONE" in missing.err
    assert "NOR_THIS" in missing.err
    for arguments, word in (
        (("K", "K"), "twice"),
        (("K", "OTHER", "-n"), "--no-newline"),
        (("K", "hunter2"), "argument 2"),
    ):
        misuse = paas("secrets:get", *arguments)
        assert (misuse.exit_code, misuse.out) == (2, "")
        assert word in misuse.err
    assert len(signed_in.gateway.calls("RevealSecrets")) == 1
    assert signed_in.gateway.calls("RevealSecret") == []


def test_get_says_why(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets.update(K=CANARY, L="other")
    assert paas("secrets:get", "K", "--reason", "Ticket 4711").out == f"{CANARY}\n"
    assert paas("secrets:get", "K", "L", "--reason", "Ticket 4712").exit_code == 0
    assert paas("secrets:get", "K").exit_code == 0
    assert signed_in.gateway.calls("RevealSecrets")[-1].reason == "Ticket 4712"
    assert [call.reason for call in signed_in.gateway.calls("RevealSecret")] == ["Ticket 4711", ""]
    for empty in ("", " "):
        assert paas("secrets:get", "K", "--reason", empty).exit_code == 2
    assert [event.reason for event in signed_in.events] == ["Ticket 4711", "Ticket 4712", ""]
    shown = paas("audit")
    assert '\tK "Ticket 4711"\t' in shown.out
    documents = json.loads(paas("audit", "--json").out)["events"]
    assert [event["reason"] for event in documents] == [None, "Ticket 4712", "Ticket 4711"]


def test_a_reason_is_harmless_on_a_terminal(paas: Paas, signed_in: Platform) -> None:
    """What an event has is shown as text, whoever put it there."""
    signed_in.apps["web"].secrets["K"] = CANARY
    paas("secrets:get", "K")
    signed_in.events[-1].reason = "\x1b[31mred\u202e"
    shown = paas("audit").out
    assert "red" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_list_masks_in_json_too(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["K"] = CANARY
    result = paas("secrets", "--json")
    assert CANARY not in result.out
    (secret,) = json.loads(result.out)["secrets"]
    assert (secret["value"], secret["updated_by"]) == (MASK, "user:ada@example.com")
    assert signed_in.gateway.calls("RevealSecret") == []


def test_rotate_asks_for_what_its_options_say(paas: Paas, signed_in: Platform, tmp_path: Path) -> None:
    held = signed_in.apps["web"].secrets
    held["K"] = "old"
    result = paas("secrets:rotate", "K", "--length", "64", "--format", "hex", "--overlap", "1h", "--no-wait")
    assert result.out == "Rotated K · release v1\n"
    request = signed_in.gateway.calls("RotateSecret")[-1]
    assert (request.random.length, request.random.format, request.overlap.seconds) == (64, 2, 3600)
    (tmp_path / "new").write_text(CANARY)
    result = paas("secrets:rotate", "K", "--value-file", str(tmp_path / "new"))
    assert held["K"] == CANARY
    assert CANARY not in result.out + result.err
    assert paas("secrets:rotate", "K", "--value-file", "-", stdin=b"piped\n").exit_code == 0
    assert held["K"] == "piped"


def test_rotate_refuses_what_does_not_go_together(paas: Paas, signed_in: Platform) -> None:
    assert paas("secrets:rotate", "K", "--value-file", "-", "--length", "32").exit_code == 2
    assert paas("secrets:rotate", "K", "--length", "8").exit_code == 2
    assert paas("secrets:rotate", "K", "--overlap", "soon").exit_code == 2
    assert signed_in.gateway.seen == []


def test_unset(paas: Paas, signed_in: Platform) -> None:
    signed_in.apps["web"].secrets["K"] = "x"
    assert paas("secrets:unset", "K", "NOPE").exit_code == 1
    assert paas("secrets:unset", "K", "NOPE", "--ignore-missing", "--no-wait").out == "Unset K · release v1\n"
    assert signed_in.apps["web"].secrets == {}
