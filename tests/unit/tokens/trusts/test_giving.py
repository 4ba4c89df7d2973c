"""What is given for a token that is taken: for minutes, no more than the maker may do now, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from paaskit.audit import DENIED, OK, TargetToken
from services.tokens.trusts.rules.giving import MOST_GIVEN, Exchange, NotGiven, refused_event
from services.tokens.trusts.rules.once import mark_of
from services.tokens.trusts.trust import Trust
from tests.fakes.ci_jobs import circleci, github, trust_of
from tests.fakes.clock import FakeClock

NOW = FakeClock()()
EXCHANGE = Exchange(
    subject="repo:octo/app:ref:refs/heads/main",
    mark=b"m" * 32,
    ends_at=NOW + timedelta(minutes=5),
    client_address="203.0.113.9",
    token_id="f" * 32,
    digest=b"d" * 32,
    now=NOW,
)


def refusal(trust: Trust | None, *, was_used: bool = False, given: int = 0) -> str:
    """Why nothing is given."""
    with pytest.raises(NotGiven) as refused:
        EXCHANGE.decide(trust, was_used=was_used, given=given)
    assert "not accepted here" in refused.value.message
    return refused.value.refusal


def test_a_token_of_the_trusts_scope_for_as_long_as_it_says() -> None:
    apps = frozenset({("web", "a1")})
    trust = trust_of(ttl=timedelta(minutes=5), apps=apps, maker_id="m1", parent_id="p1")
    decision = EXCHANGE.decide(trust, was_used=False, given=0)
    assert decision.rows is not None
    token, used = decision.rows.given, decision.rows.used
    assert token is not None
    assert used is not None
    assert (token.kind, token.identity_kind, token.subject) == ("pat", "ci", "pat:ci:deploy:ffffffffffff")
    assert (token.creator, token.maker, token.maker_id, token.parent_id) == (
        "trust:deploy",
        "user:ada@example.com",
        "m1",
        "p1",
    )
    assert (token.apps, token.expires_at) == (apps, NOW + timedelta(minutes=5))
    assert (token.granted, token.maker_permissions) == (trust.granted, trust.maker_permissions)
    assert (used.mark, used.trust_id, used.token_id) == (b"m" * 32, trust.trust_id, token.token_id)
    (event,) = decision.events
    assert (event.action, event.outcome, event.actor) == ("tokens.exchange", OK, "trust:deploy")
    assert list(event.target_tokens) == [TargetToken(token.token_id, token.maker)]
    assert event.on_behalf_of == f"{trust.issuer} repo:octo/app:ref:refs/heads/main"


def test_it_is_remembered_until_both_tokens_have_ended() -> None:
    for theirs, ours in ((5, 15), (60, 15)):
        exchange = replace(EXCHANGE, ends_at=NOW + timedelta(minutes=theirs))
        rows = exchange.decide(trust_of(ttl=timedelta(minutes=ours)), was_used=False, given=0).rows
        assert rows is not None
        assert rows.used is not None
        assert rows.used.expires_at == NOW + timedelta(minutes=max(theirs, ours))


def test_what_its_maker_lost_is_not_given() -> None:
    trust = trust_of(maker_permissions=frozenset({"config.read"}))
    rows = EXCHANGE.decide(trust, was_used=False, given=0).rows
    assert rows is not None
    assert rows.given is not None
    assert rows.given.permissions == {"config.read"}


def test_what_is_refused() -> None:
    assert refusal(trust_of(maker_permissions=frozenset())) == "maker"
    assert refusal(trust_of(maker_permissions=frozenset({"audit.read"}))) == "maker"
    assert refusal(None) == "maker"
    assert refusal(trust_of(), was_used=True) == "exchanged before"
    assert refusal(trust_of(), given=MOST_GIVEN) == "too many"


def test_a_refusal_is_told_with_its_reason_and_nobodys_word_for_whose_it_was() -> None:
    event = refused_event(trust_of(), "claim ref", subject="", client_address="203.0.113.9")
    assert (event.tenant, event.outcome, list(event.targets)) == ("acme", DENIED, ["claim ref"])
    assert event.on_behalf_of == ""
    assert refused_event(trust_of(), "subject", subject="repo:a/b:c", client_address="").on_behalf_of.endswith(":c")


def test_by_what_a_token_is_known_again() -> None:
    claims = github(NOW)
    mark = mark_of("a.b.c", claims)
    assert len(mark) == 32
    assert mark == mark_of("other.text.x", github(NOW, sub="other"))
    assert mark != mark_of("a.b.c", github(NOW, jti="another"))
    assert mark != mark_of("a.b.c", github(NOW, iss="https://other.example"))
    assert mark_of("a.b.c", circleci(NOW)) == mark_of("a.b.other", circleci(NOW)) != mark_of("a.x.c", circleci(NOW))
    assert mark_of("a.b.c", circleci(NOW)) != mark_of("a.b.c", circleci(NOW, jti="a.b"))
