"""`paas incident`: what is asked of whom, what is told of it, and what it refuses.

Against a platform in memory. Leaves out what follows from which facts (test_rules.py).
"""

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from paas.audit.v1 import audit_pb2
from paas.releaser.v1 import releaser_pb2
from paas.tokens.v1 import tokens_pb2

from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform
from tests.fakes.platform.state import NOW
from tests.unit.cli.conftest import Paas
from tests.unit.cli.terminal import Terminal, plain
from tests.unit.cli.test_json_documented import DOCUMENT, keys

_EVERYTHING = ["audit.read", "tokens.manage", "secrets.list", "releases.read", "apps.read"]

_IN_2100 = 4_102_444_800


@pytest.fixture
def leaked(signed_in: Platform, paas: Paas) -> Platform:
    """A token that read one of two secrets of `web` and made another token, which read again."""
    signed_in.permissions = list(_EVERYTHING)
    signed_in.apps["web"].secrets |= {"KEY": "c4n4ry", "OTHER": "c4n4ry"}
    paas("tokens:create", "--name", "ci", "--scope", "secrets.reveal,tokens.manage")
    paas("tokens:create", "--name", "ci-2", "--scope", "secrets.reveal")
    for token in signed_in.tokens.values():
        token.expires_at.seconds = _IN_2100
    signed_in.events.clear()
    happened(signed_in, "secrets.get", "KEY", minutes=1)
    happened(signed_in, "tokens.create", "ci-2", app="", made="t2", minutes=2)
    happened(signed_in, "secrets.get", "KEY", token_id="t2", actor="pat:ci-2", minutes=3)
    return signed_in


def happened(
    platform: Platform,
    action: str,
    name: str,
    *,
    app: str = "web",
    token_id: str = "t1",  # noqa: S107 - an id
    made: str = "",
    minutes: int = 0,
    **more: Any,
) -> None:
    """Put an event into the log, so long after the first."""
    at = Timestamp(seconds=NOW.seconds + 60 * minutes)
    known: dict[str, Any] = {
        "actor": "pat:ci",
        "maker": "user:ada@example.com",
        "outcome": audit_pb2.OUTCOME_OK,
        **more,
    }
    platform.events.append(
        audit_pb2.Event(
            event_id=f"x{len(platform.events)}",
            sequence=len(platform.events) + 1,
            occurred_at=at,
            recorded_at=at,
            action=action,
            app=app,
            app_id="a1" if app else "",
            targets=[name],
            token_id=token_id,
            client_address="203.0.113.9",
            target_tokens=[audit_pb2.TargetToken(token_id=made)] if made else [],
            **known,
        )
    )


def document(paas: Paas, *options: str) -> Any:
    """What `--json` says."""
    return json.loads(paas("incident", *options, "--json").out)


@pytest.mark.parametrize("options", [("--token", "ci"), ("--token", "t1"), ("--user", "ada@example.com")])
def test_what_was_done_with_a_token_and_with_those_made_with_it(
    paas: Paas, leaked: Platform, options: tuple[str, ...]
) -> None:
    found = document(paas, *options)
    (read,) = found["read"]
    assert (read["app"], read["name"], read["count"]) == ("web", "KEY", 2)
    assert (read["first_at"], read["last_at"]) == ("2026-05-08T13:43:00Z", "2026-05-08T13:45:00Z")
    assert read["client_addresses"] == ["203.0.113.9"]
    assert found["could_have_read"] == [{"app": "web", "name": "OTHER"}]
    assert [(deed["action"], deed["name"], deed["token_id"]) for deed in found["did"]] == [
        ("tokens.create", "ci-2", "t2")
    ]
    assert {(step["kind"], step["name"], step["state"]) for step in found["steps"]} == {
        ("revoke", "ci", "open"),
        ("revoke", "ci-2", "open"),
        ("rotate", "KEY", "open"),
        ("release", None, "open"),
    }
    assert found["all_done"] is False


def test_each_step_has_its_command_and_the_last_line_says_when_all_is_done(paas: Paas, leaked: Platform) -> None:
    before = paas("incident", "--token", "ci")
    assert before.exit_code == 1
    assert before.lines[-1] == "Not all done: 4 of 4 steps are left."
    commands = [line.split("\t")[-1] for line in before.lines if line.startswith("step")]
    assert commands == [
        "paas tokens:revoke t1",
        "paas tokens:revoke t2",
        "paas secrets:rotate KEY -a web",
        "-",
    ]
    for command in commands[:2]:
        assert paas(*command.split()[1:]).exit_code == 0
    happened(leaked, "secrets.rotate", "KEY", token_id="t9", actor="user:bob", maker="", minutes=4, version=7)
    assert paas("incident", "--token", "ci").lines[-1] == "Not all done: 1 of 4 steps is left."
    (left,) = [step for step in document(paas, "--token", "ci")["steps"] if step["state"] == "open"]
    assert left["command"] == "paas releases:create -a web"
    release = leaked.release("web", "Rotated KEY")
    release.state, release.secrets_version = releaser_pb2.STATE_SUCCEEDED, 7
    after = paas("incident", "--token", "t1")
    assert (after.exit_code, after.lines[-1]) == (0, "All done: 4 of 4 steps.")
    assert "c4n4ry" not in before.out + after.out + after.err


def test_a_terminal_shows_what_the_documentation_does(leaked: Platform) -> None:
    """As wide as a page of it is."""
    document = (Path(__file__).parents[4] / "docs" / "incident.md").read_text(encoding="utf-8")
    command, _, expected = document.partition("```console\n$ paas ")[2].partition("```")[0].partition("\n")
    terminal = Terminal(*command.split(), environ={"COLUMNS": "80", "NO_COLOR": "1"})
    assert terminal.end() == 1
    assert plain(terminal.screen).replace("\r\n", "\n") == expected


@pytest.mark.parametrize("columns", ["60", "200"])
def test_a_terminal_is_not_overrun(leaked: Platform, columns: str) -> None:
    terminal = Terminal("incident", "--user", "ada@example.com", environ={"COLUMNS": columns})
    assert terminal.end() == 1
    assert max(map(len, plain(terminal.screen).splitlines())) < int(columns)


def test_a_time_is_about_whoever_read(paas: Paas, leaked: Platform) -> None:
    happened(leaked, "secrets.get", "OTHER", token_id="s1", actor="user:bob@example.com", maker="", minutes=60)
    found = document(paas, "--since", "2026-05-08T14:00Z")
    assert [read["name"] for read in found["read"]] == ["OTHER"]
    assert [(each["actor"], each["token_id"]) for each in found["readers"]] == [("user:bob@example.com", "s1")]
    assert [step["kind"] for step in found["steps"]] == ["rotate", "release"]
    everybody = document(paas, "--since", "2026-05-08")
    assert [read["count"] for read in everybody["read"]] == [2, 1]
    assert [step["name"] for step in everybody["steps"] if step["kind"] == "revoke"] == ["ci", "ci-2"]
    until = document(paas, "--since", "2026-05-08", "--until", "2026-05-08T13:44Z")
    assert [(read["name"], read["count"]) for read in until["read"]] == [("KEY", 1)]


def test_every_key_is_documented(paas: Paas, leaked: Platform) -> None:
    for options in (("--token", "ci"), ("--user", "ada@example.com"), ("--since", "2026-05-08")):
        assert {key for key in keys(document(paas, *options)) if f'"{key}"' not in DOCUMENT} == set()


def test_a_program_that_was_replaced_may_have_read_everything(paas: Paas, leaked: Platform) -> None:
    assert "treat all of them as read" not in str(document(paas, "--token", "ci")["advice"])
    happened(leaked, "apps.update", "web", minutes=5)
    assert "What web runs was changed" in str(document(paas, "--token", "ci")["advice"])


def test_a_hint_repeats_the_profile(paas: Paas, leaked: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAAS_TOKEN")
    paas("login", "--with-token", "--profile", "work", stdin=TOKEN.encode())
    commands = [step["command"] for step in document(paas, "--token", "ci", "--profile", "work")["steps"]]
    assert commands[0] == "paas tokens:revoke t1 --profile work"
    assert commands[2] == "paas secrets:rotate KEY -a web --profile work"


def test_a_groups_secrets_could_have_been_read_as_an_apps(paas: Paas, leaked: Platform) -> None:
    leaked.add_group("shared").secrets["SENTRY_DSN"] = "c4n4ry"
    happened(leaked, "groups.attach", "shared", minutes=4)
    found = document(paas, "--token", "ci")
    assert {"app": "shared", "name": "SENTRY_DSN"} in found["could_have_read"]
    assert "groups.attach" in {deed["action"] for deed in found["did"]}


def test_a_group_that_is_destroyed_has_nothing_to_rotate(paas: Paas, leaked: Platform) -> None:
    leaked.add_group("shared")
    happened(leaked, "secrets.get", "SENTRY_DSN", app="shared", minutes=4)
    before = [step for step in document(paas, "--token", "ci")["steps"] if step["app"] == "shared"]
    happened(leaked, "groups.destroy", "shared", app="shared", minutes=5)
    after = [step for step in document(paas, "--token", "ci")["steps"] if step["app"] == "shared"]
    assert (before[0]["state"], after[0]["state"]) == ("open", "done")


def test_an_app_narrows_it(paas: Paas, leaked: Platform) -> None:
    happened(leaked, "secrets.get", "KEY", app="api")
    assert {read["app"] for read in document(paas, "--token", "ci")["read"]} == {"web", "api"}
    assert {read["app"] for read in document(paas, "--token", "ci", "-a", "web")["read"]} == {"web"}


@pytest.mark.parametrize("lacking", ["tokens.manage", "secrets.list", "releases.read", "apps.read"])
def test_what_the_caller_may_not_ask_is_left_out_and_said(paas: Paas, leaked: Platform, lacking: str) -> None:
    leaked.permissions.remove(lacking)
    found = document(paas, "--token", "t1")
    assert [read["name"] for read in found["read"]] == ["KEY"]
    assert any(sentence.endswith(f"you lack {lacking}.") for sentence in found["not_told"])
    called = {
        "tokens.manage": "FindTokens", "secrets.list": "ListSecrets", "releases.read": "ListReleases",
        "apps.read": "ListApps",
    }  # fmt: skip
    assert leaked.gateway.calls(called[lacking]) == []
    assert found["all_done"] is False


def test_a_caller_limited_to_apps_is_told_so(paas: Paas, leaked: Platform) -> None:
    leaked.is_limited_to_apps = True
    assert "limited to web" in document(paas, "--token", "ci")["not_told"][0]


@pytest.mark.parametrize("text", ["paas_pat_c4n4ry", "ghp_c4n4ryc4n4ryc4n4ryc4n4ry"])
@pytest.mark.parametrize("option", ["--token", "--user"])
def test_the_text_of_a_token_is_refused_and_not_shown(paas: Paas, leaked: Platform, text: str, option: str) -> None:
    before = len(leaked.gateway.seen)
    result = paas("incident", option, text)
    assert result.exit_code == 2
    assert "c4n4ry" not in result.err
    assert "name or id" in result.err
    assert len(leaked.gateway.seen) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "--token NAME, --user PERSON or --since WHEN"),
        (("--until", "2026-01-01"), "--token NAME, --user PERSON or --since WHEN"),
        (("--token", "ci", "--user", "ada"), "one at a time"),
        (("--since", "yesterday"), "--since is no moment"),
        (("--since", "1h", "--until", "2h"), "--until is not after --since"),
        (("--token", " "), "has an empty value"),
    ],
)
def test_what_makes_no_question(paas: Paas, leaked: Platform, options: tuple[str, ...], sentence: str) -> None:
    result = paas("incident", *options)
    assert result.exit_code == 2
    assert sentence in result.err


def test_who_is_unknown_is_not_taken_for_who_did_nothing(paas: Paas, leaked: Platform) -> None:
    for options, meant in ((("--token", "cii"), "ci"), (("--user", "ad@example.com"), "ada@example.com")):
        result = paas("incident", *options)
        assert (result.exit_code, result.out) == (1, "")
        assert f"did you mean {meant}" in result.err


def test_a_name_that_several_tokens_have_had_lists_them(paas: Paas, leaked: Platform) -> None:
    leaked.ended.append(tokens_pb2.Token(token_id="t0", name="ci", kind="pat", expires_at=NOW, created_at=NOW))
    result = paas("incident", "--token", "ci")
    assert result.exit_code == 1
    assert "2 tokens have had the name ci" in result.err
    assert "t0" in result.err
    assert "t1" in result.err


def test_a_token_that_reads_nothing_and_has_ended_leaves_nothing_to_do(paas: Paas, leaked: Platform) -> None:
    paas("tokens:create", "--name", "quiet", "--scope", "config.read")
    paas("tokens:revoke", "quiet")
    result = paas("incident", "--token", "quiet")
    assert (result.exit_code, result.lines[-1]) == (0, "All done: 1 of 1 step.")


def test_what_a_program_was_given_was_read(paas: Paas, leaked: Platform) -> None:
    """A run counts like a reveal of each name; a former value is its successor's, a managed one its add-on's."""
    leaked.permissions.append("secrets.reveal")
    for name in ("KEY", "KEY_PREVIOUS", "DATABASE_URL"):
        happened(leaked, "secrets.run", name, minutes=5)
    happened(leaked, "secrets.run", "OTHER", outcome=audit_pb2.OUTCOME_DENIED)
    found = document(paas, "--token", "ci")
    read = {each["name"]: (each["count"], each["last_at"]) for each in found["read"]}
    assert read.keys() == {"KEY", "DATABASE_URL"}
    assert read["KEY"][0] == 4, "two reveals, and what the program got under two names"
    assert [each["count"] for each in found["readers"]] == [4, 1]
    assert found["refused"] == 1
    assert "secrets.run" not in {each["action"] for each in found["did"]}
    steps = {each["name"]: (each["reason"], each["command"]) for each in found["steps"] if each["kind"] == "rotate"}
    assert steps == {
        "KEY": ("still current", "paas secrets:rotate KEY -a web"),
        "DATABASE_URL": ("managed", None),
    }


def test_attempts_that_were_refused_are_no_reads(paas: Paas, leaked: Platform) -> None:
    leaked.events.clear()
    happened(leaked, "secrets.get", "KEY", outcome=audit_pb2.OUTCOME_DENIED)
    happened(leaked, "secrets.get", "GONE", outcome=audit_pb2.OUTCOME_FAILED)
    found = document(paas, "--token", "ci")
    assert (found["read"], found["refused"]) == ([], 1)
