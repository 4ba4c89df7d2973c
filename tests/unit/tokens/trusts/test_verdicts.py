"""Which jobs a trust takes: both forms of GitHub's subject, GitLab's and CircleCI's, and what a `*` stands for.

What is nearly right is test_near_misses.py; keys and signatures are tests/integration/tokens/trusts.
"""

from typing import Any

import pytest

from services.tokens.trusts.rules.verdicts import issuer_verdict, verdicts_of
from services.tokens.trusts.trust import Claims, Trust
from tests.fakes.ci_jobs import (
    AUDIENCE,
    GITHUB_IDS,
    ORG,
    PROJECT,
    circleci,
    circleci_trust,
    github,
    github_with_ids,
    gitlab,
    gitlab_trust,
    trust_of,
)
from tests.fakes.clock import FakeClock

NOW = FakeClock()()
WITH_IDS = "repo:octo@123456/app@456789:"


def refusal(trust: Trust, claims: Claims, *, is_allowed: bool = True) -> str | None:
    """The first thing that is wrong."""
    verdicts = [issuer_verdict(trust, claims, is_allowed=is_allowed), *verdicts_of(trust, claims, now=NOW)]
    return next((each.refusal for each in verdicts if not each.passed), None)


@pytest.mark.parametrize("claims", [github(NOW), github_with_ids(NOW)], ids=["before", "since"])
@pytest.mark.parametrize("subject", ["repo:octo/app:ref:refs/heads/main", f"{WITH_IDS}ref:refs/heads/main"])
def test_either_form_of_githubs_subject_is_taken_by_a_trust_of_either(claims: Claims, subject: str) -> None:
    assert refusal(trust_of(subject=subject), claims) is None


def test_the_ids_count_and_not_the_names() -> None:
    """An owner who changed their name goes on; whoever takes the name over has another id."""
    trust = trust_of()
    assert refusal(trust, github(NOW, sub="repo:octocat/tool:ref:refs/heads/main", repository="octocat/tool")) is None
    assert refusal(trust, github(NOW, repository_owner_id="999", repository_id="998")) == "claim repository_id"
    assert refusal(trust, github(NOW, repository_owner_id="999")) == "claim repository_owner_id"
    again = "repo:octo@999/app@998:ref:refs/heads/main"
    assert refusal(trust, github(NOW, sub=again, repository_owner_id="999", repository_id="998")) == "subject"


@pytest.mark.parametrize(
    "sub",
    [
        "repo:octo@123457/app@456789:ref:refs/heads/main",
        "repo:octo@123456/app@456780:ref:refs/heads/main",
        "repo:octo@0123456/app@456789:ref:refs/heads/main",
        "repo:octo@123456/app@45678:ref:refs/heads/main",
        "repo:octo@/app@456789:ref:refs/heads/main",
        "repo:octo@123456@123456/app@456789:ref:refs/heads/main",
        "repo:octo@123456/app@456789@1:ref:refs/heads/main",
        "repo:octo/extra/app:ref:refs/heads/main",
        "repo:octo/app:ref:refs/heads/main2",
        "repo:octo/app:ref:refs/heads/mai",
        "repo:octo/app:ref:refs/heads/main\n",
        "repo:octo/app:environment:main",
        " repo:octo/app:ref:refs/heads/main",
        "repo:octo:app/x:ref:refs/heads/main",
    ],
)
def test_a_subject_that_is_nearly_the_one(sub: str) -> None:
    assert refusal(trust_of(), github(NOW, sub=sub)) == "subject"


@pytest.mark.parametrize(
    ("pattern", "rest", "taken"),
    [
        ("ref:refs/heads/*", "ref:refs/heads/topic", True),
        ("ref:refs/heads/*", "ref:refs/tags/v1", False),
        ("ref:refs/heads/release-*", "ref:refs/heads/release-", True),
        ("ref:refs/heads/release-*", "ref:refs/heads/releas", False),
        ("environment:*", "environment:production", True),
        ("environment:prod", "environment:production", False),
        ("*", "ref:refs/tags/v1", True),
        ("ref:refs/heads/main", "ref:refs/heads/*", False),
    ],
)
@pytest.mark.parametrize("form", ["repo:octo/app:", WITH_IDS])
def test_a_star_at_the_end_stands_for_what_follows(pattern: str, rest: str, taken: bool, form: str) -> None:
    trust = trust_of(subject=f"{form}{pattern}")
    assert refusal(trust, github(NOW, sub=f"repo:octo/app:{rest}")) == (None if taken else "subject")
    assert refusal(trust, github(NOW, sub=f"{WITH_IDS}{rest}")) == (None if taken else "subject")


def test_a_star_takes_nothing_of_a_pull_request() -> None:
    trust = trust_of(subject=f"{WITH_IDS}*")
    claims = github(NOW, sub="repo:octo/app:pull_request", event_name="pull_request", ref="refs/pull/7/merge")
    assert refusal(trust, claims) == "pull request"
    assert refusal(trust_of(subject=f"{WITH_IDS}*", allow_pull_requests=True), claims) is None


def test_what_gitlab_says() -> None:
    assert refusal(gitlab_trust(), gitlab(NOW)) is None
    assert refusal(gitlab_trust(), gitlab(NOW, project_id="29", job_project_id="29")) == "claim project_id"
    assert refusal(gitlab_trust(), gitlab(NOW, ref_protected="false")) == "claim ref_protected"
    starred = gitlab_trust(subject="project_path:octo/group/app:ref_type:branch:ref:*")
    topic = "project_path:octo/group/app:ref_type:branch:ref:topic"
    assert refusal(starred, gitlab(NOW, sub=topic, ref="topic")) is None
    assert refusal(starred, gitlab(NOW, sub="project_path:octo/group/app2:ref_type:branch:ref:topic")) == "subject"


def test_what_circleci_says_which_has_no_id_of_its_own() -> None:
    assert refusal(circleci_trust(), circleci(NOW)) is None
    without_origin = f"org/{ORG}/project/{PROJECT}/user/0e9a5f5e-5a0b-4a51-8e38-0a3f6a3f3e11"
    assert refusal(circleci_trust(), circleci(NOW, sub=without_origin)) is None
    assert refusal(circleci_trust(), circleci(NOW, jti="")) == "jti"
    other = f"org/{ORG}/project/{ORG}/user/x"
    assert refusal(circleci_trust(), circleci(NOW, sub=other)) == "subject"


def test_a_fork_of_circleci_says_so_by_its_origin_alone() -> None:
    fork = circleci(NOW, **{"oidc.circleci.com/vcs-origin": "github.com/eve/app"})
    assert refusal(circleci_trust(), fork) == "claim oidc.circleci.com/vcs-origin"


def test_numbers_and_booleans_are_compared_as_json_writes_them() -> None:
    trust = trust_of(conditions=(*GITHUB_IDS, ("attempt", "1"), ("fresh", "true")))
    assert refusal(trust, github(NOW, attempt=1, fresh=True)) is None
    assert refusal(trust, github(NOW, attempt=True, fresh=True)) == "claim attempt"
    assert refusal(trust, github(NOW, attempt=1.0, fresh=True)) == "claim attempt"
    assert refusal(trust, github(NOW, attempt=["1"], fresh=True)) == "claim attempt"
    assert refusal(trust, github(NOW, attempt="1", fresh="True")) == "claim fresh"


def test_for_us_alone() -> None:
    assert refusal(trust_of(), github(NOW, aud=[AUDIENCE])) is None
    for aud in ([AUDIENCE, "other"], ["other", AUDIENCE], [], None, {AUDIENCE: 1}, [[AUDIENCE]], AUDIENCE.upper(), ...):
        assert refusal(trust_of(), github(NOW, aud=aud)) == "audience"


def test_an_issuer_that_the_operator_took_away_is_none() -> None:
    assert refusal(trust_of(), github(NOW), is_allowed=False) == "issuer"


def test_verdicts_name_each_claim_with_what_was_wanted_and_found() -> None:
    claims: dict[str, Any] = github(NOW, repository_id="1", iss="x" * 500)
    verdicts = [issuer_verdict(trust_of(), claims, is_allowed=True), *verdicts_of(trust_of(), claims, now=NOW)]
    assert [each.about for each in verdicts] == [
        "iss", "aud", "sub", "repository_id", "repository_owner_id", "nbf", "iat", "exp", "exp", "jti", "pull request",
    ]  # fmt: skip
    wrong = [(each.about, each.expected, each.found) for each in verdicts if not each.passed]
    assert wrong == [
        ("iss", "https://token.actions.githubusercontent.com", f"{'x' * 200}…"),
        ("repository_id", "456789", "1"),
    ]
