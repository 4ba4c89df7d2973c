"""What a form asks for when a trust is made, and the token of a job that is looked at.

Leaves out the pages (tests/e2e) and what tokens allows, which judges again.
"""

import pytest
from starlette.datastructures import FormData

from dashboard.calls.refusals import Refusal
from dashboard.trusts.asked import LIFETIMES, asked, job_token
from dashboard.trusts.systems import SYSTEMS
from services.tokens.trusts.rules.asked import LONGEST_TTL, NewTrust, check_new_trust
from services.tokens.trusts.trust import Provider


def form(**fields: str) -> FormData:
    """A form as the page sends it, with some fields changed."""
    right = {
        "name": "app",
        "provider": "github",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:octo@1/app@2:ref:refs/heads/main",
        "lifetime": "15m",
        "apps": "all",
        "scope": "config.read",
    }
    return FormData({**right, **fields})


def test_a_trust_is_asked_for() -> None:
    wanted = asked(form(claims="a=1\r\n\r\n  b=x=y  \r\n", pull_requests="1", name=" app "))
    assert (wanted.name, wanted.claims, wanted.allow_pull_requests) == ("app", (("a", "1"), ("b", "x=y")), True)
    assert (wanted.seconds, wanted.permissions, wanted.apps) == (900, ("config.read",), ())
    assert not asked(form()).allow_pull_requests


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "Give the trust a name"),
        ({"issuer": ""}, "Give the trust its issuer"),
        ({"subject": ""}, "Give the trust the subject"),
        ({"provider": "jenkins"}, "Choose the CI system"),
        ({"lifetime": "long"}, "The lifetime is no length"),
        ({"claims": "a=1\nb"}, "Line 2 of the claims"),
        ({"claims": "=1"}, "Line 1 of the claims"),
        ({"scope": ""}, "Choose at least one thing"),
        ({"apps": "only"}, "Choose the apps"),
    ],
)
def test_what_is_left_open_is_refused(fields: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        asked(form(**fields))


@pytest.mark.parametrize("text", ["", "  ", "one-part", "a.b", "a.b.c d.e.f", f"a.b.{'c' * 16384}"])
def test_what_is_no_token_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        job_token(FormData({"token": text}))
    assert not text.strip() or text not in refused.value.sentence


def test_a_token_is_taken_without_what_is_around_it() -> None:
    assert job_token(FormData({"token": " a.b.c\r\n"})) == "a.b.c"


def test_there_is_a_form_for_each_system_that_tokens_knows() -> None:
    assert set(SYSTEMS) == {str(each) for each in Provider}
    assert max(asked(form(lifetime=length)).seconds for length, _ in LIFETIMES) == LONGEST_TTL.total_seconds()


@pytest.mark.parametrize("provider", ["github", "gitlab", "other"])
def test_the_examples_are_right(provider: str) -> None:
    system = SYSTEMS[provider]
    wanted = asked(
        form(
            provider=provider,
            issuer=system.issuer or system.issuer_example,
            subject=system.subject_example,
            claims=system.claims_example,
        )
    )
    trust = NewTrust(
        request_id="0" * 32,
        name=wanted.name,
        issuer=wanted.issuer,
        subject=wanted.subject,
        provider=wanted.provider,
        conditions=wanted.claims,
    )
    check_new_trust(trust, issuer_is_allowed=True)
