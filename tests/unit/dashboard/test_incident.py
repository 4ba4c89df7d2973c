"""What an incident is asked about, and how a page shows it.

Leaves out what follows from which facts (tests/unit/cli/incident) and how they are found out (there, and tests/e2e).
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.calls.refusals import Refusal
from dashboard.incident.asked import given, question
from dashboard.incident.shown import MOST, shown
from dashboard.pages.routes import page_routes
from paas_cli.incident.facts import Asked, Deed, Facts, Now, Released, Secret, Times, Token, Trust

NOW = 1_800_000_000.0
KEY = Secret("web", "KEY", "a1")


def times(at: int, *, version: int = 0) -> Times:
    """One event."""
    return Times(count=1, first_at=at, last_at=at, version=version)


def facts(**more: object) -> Facts:
    """A token that read a secret and made another and a trust, and nothing was done about it."""
    known: dict[str, object] = {
        "tokens": [Token(token_id="t1", name="ci", kind="pat", granted=("secrets.reveal",))],
        "planted_tokens": [Token(token_id="t2", name="ada@example.com", kind="user")],
        "trusts": [Trust(name="planted", is_living=True)],
        "read": {KEY: times(100)},
        "did": [Deed(action="tokens.create", app="", name="planted", times=times(90))],
        "reachable": {"web": ["KEY", "OTHER"]},
        "released": {"web": Released()},
        "left_out": ("Something is not told: you lack apps.read.",),
    }
    return Facts(asked=Asked.TOKEN, label="ci", now=1000, **{**known, **more})  # type: ignore[arg-type]


def test_what_is_left_empty_is_not_asked() -> None:
    assert given({"token": " ci ", "person": "", "since": " ", "other": "x"}) == {"token": "ci"}


@pytest.mark.parametrize("field", ["token", "person", "app", "since"])
def test_a_tokens_text_comes_into_no_address(field: str) -> None:
    text = "paas_pat_" + "a" * 36
    with pytest.raises(Refusal) as refused:
        given({field: text})
    assert text not in refused.value.sentence


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "Say what it is about"),
        ({"app": "web"}, "Say what it is about"),
        ({"token": "ci", "person": "ada"}, "two incidents"),
        ({"since": "yesterday"}, "Since is no moment"),
        ({"token": "ci", "until": "2026-99-01"}, "Until is no moment"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "not after since"),
    ],
)
def test_what_makes_no_question_is_refused(asked: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        question(asked, now=NOW)


def test_a_question_has_what_was_filled_in() -> None:
    found = question({"person": "ada@example.com", "since": "1h", "app": "web"}, now=NOW)
    assert (found.asked, found.user, found.app, found.until) == (Asked.USER, "ada@example.com", "web", None)
    assert found.since is not None
    assert found.since.timestamp() == NOW - 3600


def test_each_step_leads_to_where_it_is_done() -> None:
    found = shown(facts())
    assert [(step.title, step.state, step.path, step.command) for step in found.steps] == [
        ("Revoke token ci", "open", "account/tokens/t1#revoke", ""),
        ("Revoke token ada@example.com", "open", "", "paas tokens:revoke t2"),
        ("Remove trust planted", "open", "account/trusts", ""),
        ("Rotate KEY of web", "open", "apps/web/secrets/KEY#rotate", ""),
        # Not its turn: the values that got out would be released again.
        ("Release web with its new values", "open", "", ""),
    ]
    assert not found.all_done
    assert found.last_line == "Not all done: 5 of 5 steps are left."
    assert found.left_out == ("Something is not told: you lack apps.read.",)


def test_every_page_that_is_led_to_is_there() -> None:
    shapes = [route.path_regex for route in page_routes() if "GET" in (route.methods or ())]
    found = shown(facts(changes={KEY: {"secrets.set": times(200, version=2)}}))
    paths = [step.path for step in found.steps if step.path]
    paths += [line.path for line in (*found.read.lines, *found.did.lines) if line.path]
    assert len(paths) == 5
    assert all(any(shape.match(f"/{urlsplit(path).path}") for shape in shapes) for path in paths)


def test_all_is_done_once_every_step_is() -> None:
    found = shown(
        facts(
            tokens=[Token(token_id="t1", name="ci", ended_at=150)],
            planted_tokens=[],
            trusts=[],
            changes={KEY: {"secrets.rotate": times(200, version=2)}},
            secrets={"web": {"KEY": Now(version=2, previous_until=300)}},
            released={"web": Released(number=3, secrets_version=2)},
        )
    )
    assert found.all_done
    assert found.last_line == "All done: 3 of 3 steps."
    assert [(step.state, step.path, step.command) for step in found.steps] == [("done", "", "")] * 3
    assert "KEY_PREVIOUS until" in found.steps[1].note


def test_what_was_read_and_what_could_have_been_are_told_apart() -> None:
    found = shown(facts())
    [read] = found.read.lines
    assert (read.what, read.of, read.more) == ("KEY", "web", "once, 1970-01-01T00:00:00Z")
    assert parse_qs(urlsplit(read.path).query) == {"app": ["web"], "name": ["KEY"]}
    assert [(line.of, line.what) for line in found.could.lines] == [("web", "OTHER")]
    assert found.could_sentence == ""
    assert shown(facts(tokens=[Token(token_id="t", name="t")])).could_sentence.startswith("Nothing: it was not given")
    assert shown(facts(tokens=[Token(token_id="t", name="t", is_known=False)])).could_sentence == "Not known."


def test_a_long_list_says_what_it_leaves_out() -> None:
    found = shown(facts(read={Secret("web", f"KEY_{number}"): times(number) for number in range(MOST + 3)}))
    assert (len(found.read.lines), found.read.more) == (MOST, 3)
    assert found.read.lines[0].what == f"KEY_{MOST + 2}"
