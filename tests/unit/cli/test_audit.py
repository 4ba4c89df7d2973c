"""The audit log: what is asked for, what is shown of an event, following across broken connections, exporting.

Leaves out what a service answers (tests/integration/audit) and text that would drive a terminal (test_hostile_text.py).
"""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from paas.audit.v1 import audit_pb2

from paas_cli.commands.audit import document
from paas_cli.typed import moments
from tests.fakes.gateway import Drop, Fault
from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def asked(platform: Platform, method: str = "ListEvents") -> Any:
    """The last request for a list."""
    return platform.gateway.calls(method)[-1]


def test_audit_lists_the_newest_first(paas: Paas, signed_in: Platform) -> None:
    for number in range(5):
        signed_in.record("config.set", "web", f"V{number}")
    signed_in.record("secrets.get", "other", "K")
    assert [line.split("\t")[4] for line in paas("audit", "-n", "3").lines] == ["K", "V4", "V3"]
    assert [line.split("\t")[4] for line in paas("audit", "--app", "web").lines] == ["V4", "V3", "V2", "V1", "V0"]
    assert [line.split("\t")[4] for line in paas("audit", "--before", "3").lines] == ["V1", "V0"]
    assert paas("audit", "--action", "secrets.get").out == (
        "2026-05-08T13:42:00Z\tsecrets.get\tuser:ada@example.com\tother\tK\tok\n"
    )
    events = json.loads(paas("audit", "--json").out)["events"]
    assert [event["sequence"] for event in events] == [6, 5, 4, 3, 2, 1]


def test_every_option_is_asked_for(paas: Paas, signed_in: Platform) -> None:
    options = (
        "-a",
        "web",
        "--name",
        "K",
        "--actor",
        "ada@example.com",
        "--action",
        "secrets.get",
        "--outcome",
        "denied",
    )
    more = ("--people", "--since", "2026-10-01", "--until", "2026-11-01T02:00+02:00")
    assert paas("audit", *options, *more).exit_code == 0
    assert asked(signed_in) == audit_pb2.ListEventsRequest(
        app="web",
        name="K",
        actor="user:ada@example.com",
        action="secrets.get",
        outcome=audit_pb2.OUTCOME_DENIED,
        people_only=True,
        since=Timestamp(seconds=1_790_812_800),
        until=Timestamp(seconds=1_793_491_200),
        page_size=50,
    )
    signed_in.gateway.fail("FollowEvents", Fault(7, "Enough."))
    assert paas("audit", "--follow", *options, "--people").exit_code == 4
    assert asked(signed_in, "FollowEvents") == audit_pb2.FollowEventsRequest(
        app="web",
        name="K",
        actor="user:ada@example.com",
        action="secrets.get",
        outcome=audit_pb2.OUTCOME_DENIED,
        people_only=True,
        after_sequence=-1,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@example.com", "user:ada@example.com"),
        ("grace", "user:grace"),
        ("user:grace", "user:grace"),
        ("pat:github-ci", "pat:github-ci"),
        ("service:releaser", "service:releaser"),
        ("kubernetes:kubectl-set", "kubernetes:kubectl-set"),
    ],
)
def test_an_actor_is_a_person_unless_it_says_otherwise(paas: Paas, signed_in: Platform, typed: str, meant: str) -> None:
    assert paas("audit", "--actor", typed).exit_code == 0
    assert asked(signed_in).actor == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("24h", "2026-11-28T12:00:00"),
        ("7d", "2026-11-22T12:00:00"),
        ("2w", "2026-11-15T12:00:00"),
        ("2026-11-01", "2026-11-01T00:00:00"),
        (" 2026-11-01 ", "2026-11-01T00:00:00"),
        ("2026-11-01T13:42", "2026-11-01T13:42:00"),
        ("2026-11-01 13:42", "2026-11-01T13:42:00"),
        ("2026-11-01T13:42Z", "2026-11-01T13:42:00"),
        ("2026-11-01t13:42:07z", "2026-11-01T13:42:07"),
        ("2026-11-01T13:42:07+01:00", "2026-11-01T12:42:07"),
        ("2026-11-01T13:42:07-05:30", "2026-11-01T19:12:07"),
    ],
)
def test_moments(typed: str, meant: str) -> None:
    found = moments.moment(typed, option="--since", now=NOW.timestamp())
    assert found == datetime.fromisoformat(meant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        *("yesterday", "24", "24H", "-24h", "1.5h", "0h", "999999999w", "2026", "2026-11", "20261101", "2026-13-01"),
        *("2026-02-30", "2026-11-01T", "2026-11-01T25:00", "2026-11-01T13", "2026-11-01T13:42:07.5Z", "0000-01-01"),
        *(
            "2026-11-01T13:42+25:00",
            "0001-01-01T00:00+01:00",
            "2026-W01-1",
            "\uff11\uff12h",
            "2026-11-01T13:42Zx",
            "c4n4ry",
        ),
    ],
)
def test_what_is_no_moment(paas: Paas, signed_in: Platform, typed: str) -> None:
    for option in ("--since", "--until"):
        result = paas("audit", f"{option}={typed}")
        assert result.exit_code == 2
        assert "2026-11-01T13:42Z" in result.err or "whole number" in result.err
        assert f"{option} " in result.err
        assert "c4n4ry" not in result.err
    assert signed_in.gateway.seen == []


def test_times_that_leave_nothing_between_them(paas: Paas, signed_in: Platform) -> None:
    for since, until in (("2026-11-02", "2026-11-01"), ("2026-11-01", "2026-11-01"), ("1h", "24h")):
        result = paas("audit", "--since", since, "--until", until)
        assert result.exit_code == 2
        assert "--until is not after --since" in result.err
    assert signed_in.gateway.seen == []


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("secrets.gett", "did you mean secrets.get"),
        ("secrets:get", "did you mean secrets.get?"),
        ("SECRETS.GET", "did you mean secrets.get?"),
        ("secret.get", "did you mean secrets.get"),
        ("token.create", "did you mean tokens.create"),
        ("audit.zzzzzzzzzz", "which are audit.follow, audit.list, audit.log, audit.retain."),
        ("c4n4ry", "apps.create"),
        ("unspecified", "apps.create"),
    ],
)
def test_an_action_is_checked_before_anything_is_asked(paas: Paas, signed_in: Platform, typed: str, hint: str) -> None:
    for command in ("audit", "audit:export"):
        result = paas(command, "--action", typed)
        assert result.exit_code == 2
        assert hint in result.err
        assert "c4n4ry" not in result.err
    assert signed_in.gateway.seen == []
    assert "config.release" in document.actions()


@pytest.mark.parametrize(
    "wrong",
    [
        ("--app", "x" * 65),
        ("--name", "é" * 65),
        ("--actor", "x" * 201),
        ("--outcome", "bad"),
        ("--follow", "--until", "1h"),
    ],
)
def test_what_no_event_could_have(paas: Paas, signed_in: Platform, wrong: tuple[str, ...]) -> None:
    assert paas("audit", *wrong).exit_code == 2
    assert signed_in.gateway.seen == []


def test_a_page_without_events_is_not_the_last(paas: Paas, signed_in: Platform, tmp_path: Path) -> None:
    for number in range(3):
        signed_in.record("config.set", "web", f"V{number}")
    signed_in.first_page_is_empty = True
    assert len(paas("audit").lines) == 3
    assert len(paas("audit:export").lines) == 3


def test_audit_says_whose_a_token_is(paas: Paas, signed_in: Platform) -> None:
    signed_in.record("tokens.revoke", "", "deploy", "old")
    event = signed_in.events[-1]
    event.actor, event.maker = "pat:github-ci", "user:ada@example.com"
    event.target_tokens.add(token_id="t3")
    event.target_tokens[0].maker = "user:bob\x1b[2J"
    assert paas("audit").lines[0].split("\t")[1:5] == [
        "tokens.revoke", "pat:github-ci (ada@example.com)", "-", "deploy (bob\\x1b[2J),old",
    ]  # fmt: skip
    event.actor, event.on_behalf_of = "service:releaser", "pat:github-ci"
    assert paas("audit").lines[0].split("\t")[2] == "service:releaser for pat:github-ci (ada@example.com)"
    (document,) = json.loads(paas("audit", "--json").out)["events"]
    assert (document["token_id"], document["maker"]) == ("t1", "user:ada@example.com")
    assert document["target_tokens"][1] == {"id": "t3", "maker": None}


def test_audit_says_how_often_more(paas: Paas, signed_in: Platform) -> None:
    signed_in.record("secrets.get", "web", "K")
    signed_in.record("secrets.list", "web")
    for event in signed_in.events:
        event.repeats, event.repeats_seconds = 1273, 10
    targets = [line.split("\t")[4] for line in paas("audit").lines]
    assert targets == ["(1,273 more within 10 s)", "K (1,273 more within 10 s)"]


def test_follow_takes_up_after_the_last_event_even_when_the_stream_breaks(paas: Paas, signed_in: Platform) -> None:
    for number in range(3):
        signed_in.record("config.set", "web", f"V{number}")
    signed_in.gateway.fail("FollowEvents", Drop(), times=2)
    seen: list[int] = []

    def more(_: float) -> bool:
        seen.append(len(signed_in.gateway.calls("FollowEvents")))
        if len(seen) > 2:
            signed_in.gateway.fail("FollowEvents", Drop())
        signed_in.record("secrets.get", "web", f"K{len(seen)}")
        return True

    signed_in.more_events.wait = more  # type: ignore[method-assign,assignment]
    result = paas("audit", "--follow", "-n", "1", "--json")
    documents = [json.loads(line) for line in result.lines]
    assert [document["targets"] for document in documents][:3] == [["V2"], ["K1"], ["K2"]]
    assert len({document["sequence"] for document in documents}) == len(documents)
    assert result.exit_code == 5


def test_follow_begins_where_the_log_ends_whatever_it_shows_first(paas: Paas, signed_in: Platform) -> None:
    """What comes between the list and the stream is in the stream, though nothing of the list was of its kind."""
    signed_in.record("config.set", "web", "V0")
    signed_in.gateway.fail("FollowEvents", Fault(7, "Enough."))
    assert paas("audit", "--follow", "--action", "secrets.get").exit_code == 4
    assert asked(signed_in, "FollowEvents").after_sequence == 1
    assert asked(signed_in).before_sequence == 2


def test_following_says_once_that_it_tries_again_and_gives_up(paas: Paas, signed_in: Platform) -> None:
    signed_in.record("config.set", "web", "V0")
    signed_in.gateway.fail("FollowEvents", Drop(), times=1000)
    result = paas("audit", "--follow")
    assert result.exit_code == 5
    assert result.err.count("the connection is lost; trying again for up to 5m") == 1
    assert len(result.lines) == 1
    assert 30 < len(signed_in.gateway.calls("FollowEvents")) < 50


@pytest.mark.parametrize(("code", "exit_code"), [(16, 3), (7, 4)])
def test_following_ends_with_the_token(paas: Paas, signed_in: Platform, code: int, exit_code: int) -> None:
    signed_in.gateway.fail("FollowEvents", Fault(code, "Gone."))
    result = paas("audit", "--follow")
    assert result.exit_code == exit_code
    assert len(signed_in.gateway.calls("FollowEvents")) == 1


def test_export_writes_every_event_once_and_its_file_is_private(
    paas: Paas, signed_in: Platform, tmp_path: Path
) -> None:
    for number in range(5):
        signed_in.record("config.set", "web", f"V{number}\n\u202e")
    file = tmp_path / "audit.jsonl"
    file.write_text("old")
    file.chmod(0o644)
    result = paas("audit:export", "-o", str(file))
    assert (result.exit_code, result.out, result.err) == (0, "", f"Wrote 5 events to {file}\n")
    lines = file.read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    listed = json.loads(paas("audit", "--json").out)["events"]
    assert [json.loads(line) for line in lines] == listed[::-1]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.jsonl", "home", "work"]
    assert paas("audit:export", "--json").out == file.read_text(encoding="utf-8")
    assert [json.loads(line)["sequence"] for line in paas("audit:export", "--after", "3").lines] == [4, 5]
    assert [json.loads(line)["targets"][0][:2] for line in paas("audit:export", "--name", "V2\n\u202e").lines] == ["V2"]
    assert paas("audit:export", "--since", "2026-05-09").out == ""


def test_export_ends_with_what_was_the_newest_when_it_began(paas: Paas, signed_in: Platform) -> None:
    for number in range(3):
        signed_in.record("config.set", "web", f"V{number}")
    answers = signed_in.gateway.calls
    paas("audit:export")
    assert answers("ListEvents")[-1].before_sequence == 4
    assert answers("ListEvents")[-1].oldest_first


def test_an_export_that_breaks_off_says_what_there_is_and_goes_on_there(
    paas: Paas, signed_in: Platform, tmp_path: Path
) -> None:
    for number in range(5):
        signed_in.record("config.set", "web", f"V{number}")
    file = tmp_path / "audit.jsonl"

    def from_the_second_page_on() -> None:
        signed_in.gateway.fail("ListEvents", Fault(7, "Not any more."), times=1)

    signed_in.after_pages = [lambda: None, from_the_second_page_on]
    result = paas("audit:export", "-o", str(file))
    assert result.exit_code == 4
    assert f"2 events are in {file}.part, up to sequence 2; the same with --after 2 writes the rest." in result.err
    assert not file.exists()
    assert len(Path(f"{file}.part").read_text().splitlines()) == 2
    assert stat.S_IMODE(Path(f"{file}.part").stat().st_mode) == 0o600
    assert len(paas("audit:export", "--after", "2").lines) == 3
    assert paas("audit:export", "-o", str(file)).exit_code == 0
    assert not Path(f"{file}.part").exists()


def test_an_export_goes_on_after_a_lost_connection(paas: Paas, signed_in: Platform) -> None:
    for number in range(5):
        signed_in.record("config.set", "web", f"V{number}")
    signed_in.after_pages = [lambda: None, lambda: signed_in.gateway.fail("ListEvents", Drop(), times=12)]
    result = paas("audit:export")
    assert [json.loads(line)["sequence"] for line in result.lines] == [1, 2, 3, 4, 5]
    assert result.err.count("the connection is lost") == 1


def test_export_refuses_a_folder_that_is_not_there(paas: Paas, signed_in: Platform, tmp_path: Path) -> None:
    signed_in.record("config.set", "web", "V0")
    result = paas("audit:export", "-o", str(tmp_path / "none" / "audit.jsonl"))
    assert result.exit_code == 1
    assert "there is no folder" in result.err


def test_a_link_is_followed_and_a_planted_part_is_not(paas: Paas, signed_in: Platform, tmp_path: Path) -> None:
    signed_in.record("config.set", "web", "V0")
    target, link, victim = tmp_path / "real.jsonl", tmp_path / "link.jsonl", tmp_path / "victim"
    target.write_text("old")
    victim.write_text("mine")
    link.symlink_to(target)
    Path(f"{target}.part").symlink_to(victim)
    assert paas("audit:export", "-o", str(link)).exit_code == 0
    assert link.is_symlink()
    assert len(target.read_text().splitlines()) == 1
    assert victim.read_text() == "mine"


def test_a_terminal_has_a_table_that_fits_and_the_way_to_older_ones(signed_in: Platform) -> None:
    for number in range(4):
        signed_in.record("secrets.get", "web", "AN_EXTRAORDINARILY_LONG_NAME_OF_A_SECRET_" + "X" * 40 + str(number))
    terminal = Terminal("audit", "-n", "2", "-a", "web", "--since", "2026-01-01", environ={"COLUMNS": "80"})
    assert terminal.end() == 0
    screen = plain(terminal.screen)
    assert "`paas audit -a web --since 2026-01-01 --before 3`" in screen
    table = [line for line in screen.splitlines() if line.startswith("TIME") or " ago " in line or "2026-05" in line]
    assert len(table) == 3
    assert max(map(len, table)) <= 80


def test_an_export_has_a_bar_on_standard_error(signed_in: Platform, tmp_path: Path) -> None:
    for number in range(4):
        signed_in.record("secrets.get", "web", f"V{number}")
    file = tmp_path / "audit.jsonl"
    terminal = Terminal("audit:export", "-o", str(file))
    assert terminal.end() == 0
    assert "reading the log" in plain(terminal.screen)
    assert f"Wrote 4 events to {file}" in plain(terminal.screen)
    assert len(file.read_text().splitlines()) == 4
