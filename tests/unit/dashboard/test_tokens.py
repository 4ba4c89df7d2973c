"""Tokens as pages show them and ask for them.

Leaves out the pages (tests/e2e) and what tokens allows, which judges again.
"""

from datetime import UTC, datetime, timedelta

import pytest
from paas.tokens.v1.tokens_pb2 import Token
from starlette.datastructures import FormData

from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import Person
from dashboard.tokens.asked import asked, length_of, lifetimes
from dashboard.tokens.scopes import FOR_CI, SENTENCES, offered
from dashboard.tokens.shown import ending, ends_soon, ends_with, entries, left, revoked
from paaskit.access import PERMISSIONS
from services.tokens.rules.creation import CI_PERMISSIONS

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def token(name: str, *, made: int = 0, lives: timedelta = timedelta(days=30), creator: str = "user:ada") -> Token:
    """A token that was made `made` days ago."""
    found = Token(token_id=f"id of {name} {made}", name=name, permissions=["config.read"], creator=creator)
    found.created_at.FromDatetime(NOW - timedelta(days=made))
    found.expires_at.FromDatetime(NOW - timedelta(days=made) + lives)
    return found


def person(subject: str = "user:ada", *permissions: str) -> Person:
    """Somebody who may do what is named, or everything."""
    return Person(
        tenant="acme", subject=subject, maker="", permissions=frozenset(permissions or PERMISSIONS), apps=None
    )


def test_every_permission_has_a_sentence() -> None:
    assert set(SENTENCES) == PERMISSIONS
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


def test_what_is_chosen_before_is_what_the_service_gives() -> None:
    assert FOR_CI == CI_PERMISSIONS


def test_only_what_one_has_is_offered() -> None:
    scopes = offered(person("user:eve", "config.read", "secrets.reveal"))
    assert [(each.permission, each.is_chosen) for each in scopes] == [("config.read", True), ("secrets.reveal", False)]


@pytest.mark.parametrize(
    ("made", "lives", "percent", "soon"),
    [
        (0, timedelta(days=30), 100, False),
        (15, timedelta(days=30), 50, False),
        (16, timedelta(days=30), 47, True),
        (352, timedelta(days=366), 4, True),
        (351, timedelta(days=366), 4, False),
        # A short life is half over before it is soon.
        (0, timedelta(hours=12), 100, False),
        (3, timedelta(days=7), 57, False),
        (4, timedelta(days=7), 43, True),
        (365, timedelta(days=366), 1, True),
        (30, timedelta(days=30), 0, True),
    ],
)
def test_how_much_is_left(made: int, lives: timedelta, percent: int, soon: bool) -> None:
    shown = token("ci", made=made, lives=lives)
    assert (left(shown, NOW), ends_soon(shown, NOW)) == (percent, soon)


def test_the_newest_come_first_and_earlier_texts_are_told() -> None:
    found = entries([token("ci", made=3), token("other", made=2), token("ci", made=1)], person(), NOW)
    assert [(each.token.name, each.is_former) for each in found] == [("ci", False), ("other", False), ("ci", True)]


def test_what_may_do_more_is_its_makers_alone() -> None:
    tokens = [token("ci", creator="user:bob")]
    [of_another] = entries(tokens, person("user:eve", "tokens.manage"), NOW)
    [of_its_maker] = entries(tokens, person("user:bob", "tokens.manage"), NOW)
    assert (of_another.beyond, of_its_maker.beyond) == (["config.read"], ())


def test_whose_sign_in_it_is() -> None:
    tokens = [token("ci"), token("other")]
    assert [each.is_own_sign_in for each in entries(tokens, person("pat:ci"), NOW)] == [True, False]


def test_what_ends_soon_and_nothing_replaces() -> None:
    tokens = [
        token("later", made=20),
        token("next", made=28),
        token("fresh"),
        token("rotated", made=29),
        token("rotated", made=0),
    ]
    assert [each.name for each in ending(tokens, NOW)] == ["next", "later"]


def test_what_ends_with_a_token() -> None:
    tokens = [
        token("parent", made=5),
        token("parent", made=4),
        token("child", made=3, creator="pat:parent"),
        token("grandchild", made=2, creator="pat:child"),
        token("other", made=1),
        token("child of other", creator="pat:other"),
    ]
    by_name = {(each.token.name, each.is_former): each for each in entries(tokens, person(), NOW)}
    ended = [each.name for each in ends_with(by_name["parent", False], tokens)]
    assert ended == ["parent", "child", "grandchild"]
    # The earlier text takes no later one of its name along.
    assert [each.name for each in ends_with(by_name["parent", True], tokens)] == ["child", "grandchild"]
    assert ends_with(by_name["grandchild", False], tokens) == []


def test_tokens_that_name_each_other_as_their_makers_come_to_an_end() -> None:
    tokens = [token("a", made=2, creator="pat:b"), token("b", made=1, creator="pat:a")]
    [_, a] = entries(tokens, person(), NOW)
    assert [each.name for each in ends_with(a, tokens)] == ["b"]


@pytest.mark.parametrize(
    ("rotated", "descendants", "sentence"),
    [
        (0, 0, "ci is revoked."),
        (1, 0, "ci is revoked, and with it 1 token it was rotated from."),
        (0, 2, "ci is revoked, and with it 2 tokens made with it."),
        (1, 1, "ci is revoked, and with it 1 token it was rotated from and 1 token made with it."),
    ],
)
def test_what_was_revoked(rotated: int, descendants: int, sentence: str) -> None:
    assert revoked("ci", rotated=rotated, descendants=descendants) == sentence


def form(
    *, name: str = "ci", apps: str = "all", lifetime: str = "30d", more: tuple[tuple[str, str], ...] = ()
) -> FormData:
    """A form as the page sends it."""
    return FormData([("name", name), ("apps", apps), ("lifetime", lifetime), *more])


def test_a_token_is_asked_for() -> None:
    chosen = (("scope", "config.read"), ("scope", "config.write"), ("app", "web"), ("app", "api"))
    wanted = asked(form(name=" ci ", apps="only", lifetime="7d", more=chosen))
    assert (wanted.name, wanted.seconds) == ("ci", 7 * 86400)
    assert (wanted.permissions, wanted.apps) == (("config.read", "config.write"), ("web", "api"))
    # Apps that were chosen before somebody chose all of them do not count.
    assert asked(form(more=chosen)).apps == ()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (form(name=" "), "Give the token a name"),
        (form(), "Choose at least one thing"),
        (form(more=(("scope", "everything"),)), "Choose at least one thing"),
        (form(apps="only", more=(("scope", "config.read"),)), "Choose the apps"),
        (form(lifetime="long", more=(("scope", "config.read"),)), "The lifetime is no length of time"),
        (form(lifetime="0", more=(("scope", "config.read"),)), "The lifetime"),
    ],
)
def test_what_is_left_open_is_refused(given: FormData, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        asked(given)


def test_an_overlap_may_be_none() -> None:
    assert length_of(FormData({"overlap": "0"}), "overlap", zero=True) == 0


def test_a_lifetime_says_when_it_ends() -> None:
    assert lifetimes(NOW)[1] == ("30d", "30 days, until 2026-12-30")
