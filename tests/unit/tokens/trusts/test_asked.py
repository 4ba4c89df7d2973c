"""Which trusts can be made: no `*` for an owner or a repository, ids instead of names, exact issuers, short lives."""

from dataclasses import replace
from datetime import timedelta

import pytest

from paaskit.errors import InvalidInput, NotFound, PermissionDenied
from services.tokens.trusts.issuers import AllowedIssuers
from services.tokens.trusts.rules.asked import NewTrust, check_new_trust, check_trust_reference
from services.tokens.trusts.rules.making import refuse_tokens
from services.tokens.trusts.rules.providers import provider_of
from services.tokens.trusts.trust import Provider
from tests.fakes.ci_jobs import CIRCLECI, GITHUB, GITHUB_IDS, GITLAB, ORG, ORIGIN, PROJECT, wanted
from tests.fakes.identities import identity_of

IN_CIRCLECI = f"org/{ORG}/project/{PROJECT}/"


def violations(trust: NewTrust, *, allowed: bool = True) -> list[str]:
    """The fields that are wrong."""
    try:
        check_new_trust(trust, issuer_is_allowed=allowed)
    except InvalidInput as refused:
        return [each.field for each in refused.fields]
    return []


@pytest.mark.parametrize(
    "subject",
    [
        "repo:octo@123456/app@456789:ref:refs/heads/main",
        "repo:octo@123456/app@456789:ref:refs/heads/*",
        "repo:octo@123456/app@456789:*",
    ],
)
def test_a_subject_with_ids_needs_no_more(subject: str) -> None:
    trust = wanted(subject=subject)
    assert violations(trust) == []
    assert dict(trust.all_conditions) == dict(GITHUB_IDS)


def test_a_subject_without_ids_needs_them_beside_it() -> None:
    trust = wanted(subject="repo:octo/app:ref:refs/heads/main")
    assert violations(trust) == ["conditions"]
    assert violations(wanted(subject=trust.subject, conditions=GITHUB_IDS[:1])) == ["conditions"]
    assert violations(wanted(subject=trust.subject, conditions=GITHUB_IDS)) == []
    for value in ("octo", "12 3", "*", "-1", "1" * 21):
        assert "conditions" in violations(
            wanted(subject=trust.subject, conditions=(GITHUB_IDS[0], ("repository_owner_id", value)))
        )


def test_ids_that_contradict_the_subject() -> None:
    assert violations(wanted(conditions=(("repository_id", "1"),))) == ["conditions"]
    assert violations(wanted(conditions=(("repository_id", "456789"),))) == []


@pytest.mark.parametrize(
    "subject",
    [
        "*",
        "repo:*",
        "repo:octo/*",
        "repo:octo@123456/*",
        "repo:octo@123456/app@456789*",
        "repo:octo@123456/app*:ref:refs/heads/main",
        "repo:*/app:ref:refs/heads/main",
        "repo:octo@*/app@456789:ref:refs/heads/main",
        "repo:octo@123456/app@456789:ref:*/main",
        "repo:octo@123456/app@456789:**",
        "repo:octo@123456/app@456789",
        "repo:octo@123456/app@456789:",
        "repo:octo@123456/app@456789/x:ref:refs/heads/main",
        "repo:octo@x/app@456789:ref:refs/heads/main",
        "repo: octo/app:ref:refs/heads/main",
        "repository_owner_id:123456:*",
    ],
)
def test_no_star_for_an_owner_or_a_repository(subject: str) -> None:
    assert "subject" in violations(wanted(subject=subject, conditions=GITHUB_IDS))


@pytest.mark.parametrize("subject", ["", " repo:a/b:c", "repo:a/b:c\n", "repo:a/b:c\u202e"])
def test_a_subject_that_nobody_could_read(subject: str) -> None:
    assert "subject" in violations(wanted(subject=subject, conditions=GITHUB_IDS))


@pytest.mark.parametrize(
    ("subject", "conditions", "wrong"),
    [
        ("project_path:octo/app:ref_type:branch:ref:main", (("project_id", "28"),), []),
        ("project_path:octo/app:ref_type:branch:ref:*", (("project_id", "28"),), []),
        ("project_id:28:ref_type:branch:ref:*", (), []),
        ("project_path:octo/app:ref_type:branch:ref:main", (), ["conditions"]),
        ("project_path:octo/*", (("project_id", "28"),), ["subject"]),
        ("project_path:*:ref_type:branch:ref:main", (("project_id", "28"),), ["subject", "subject"]),
        ("*", (("project_id", "28"),), ["subject"]),
    ],
)
def test_gitlab(subject: str, conditions: tuple[tuple[str, str], ...], wrong: list[str]) -> None:
    assert violations(wanted(issuer=GITLAB, subject=subject, conditions=conditions)) == wrong


@pytest.mark.parametrize(
    ("subject", "wrong"),
    [
        (f"{IN_CIRCLECI}user/*", []),
        (f"{IN_CIRCLECI}*", []),
        (f"org/{ORG}/project/*", ["subject", "conditions"]),
        (f"org/{ORG}/*", ["subject", "conditions"]),
        (f"org/{PROJECT}/project/{PROJECT}/user/*", ["subject"]),
        (f"{IN_CIRCLECI}user/*/vcs-ref/refs/heads/main", ["subject"]),
    ],
)
def test_circleci(subject: str, wrong: list[str]) -> None:
    origin = (("oidc.circleci.com/vcs-origin", ORIGIN),)
    assert violations(wanted(issuer=CIRCLECI, subject=subject, conditions=origin)) == wrong
    if not wrong:
        assert violations(wanted(issuer=CIRCLECI, subject=subject)) == ["conditions"]
        assert violations(wanted(issuer=CIRCLECI, subject=subject, allow_pull_requests=True)) == []


def test_of_any_other_system_nothing_but_the_very_subject() -> None:
    assert violations(wanted(issuer="https://ci.example.com", subject="job:7")) == []
    assert violations(wanted(issuer="https://ci.example.com", subject="job:*")) == ["subject"]
    own = wanted(issuer="https://git.example.com", provider="gitlab", subject="project_path:a/b:ref_type:branch:ref:*")
    assert violations(own) == ["conditions"]


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "http://token.actions.githubusercontent.com",
        "file:///etc/passwd",
        "data:application/json,{}",
        "https://",
        "https://token.actions.githubusercontent.com?x",
        "https://token.actions.githubusercontent.com#x",
        "https://user@token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com:x",
        "https://token.actions.githubusercontent.com\n",
        "https://token.actions.githubusercontent.com\\@evil.example",
        "HTTPS://token.actions.githubusercontent.com",
    ],
)
def test_an_issuer_is_an_https_address_and_nothing_else(issuer: str) -> None:
    assert violations(wanted(issuer=issuer)) == ["issuer"]


def test_an_issuer_that_the_operator_does_not_list() -> None:
    assert violations(wanted(), allowed=False) == ["issuer"]


def test_which_issuers_are_listed() -> None:
    allowed = AllowedIssuers([GITHUB, "https://oidc.circleci.com/org/*"])
    assert allowed.allows(GITHUB)
    assert allowed.allows(CIRCLECI)
    for issuer in (
        f"{GITHUB}/",
        f"{GITHUB}.evil.example",
        "https://token.actions.githubusercontent.co",
        "https://oidc.circleci.com/org",
        "https://oidc.circleci.com/org/",
        "https://oidc.circleci.com/org/..",
        "https://oidc.circleci.com/org/a/b",
        "https://oidc.circleci.com/organization/a",
        "https://oidc.circleci.com/org/*/b",
        "",
    ):
        assert not allowed.allows(issuer), issuer


def test_which_system_an_issuer_is() -> None:
    assert provider_of(GITHUB) is provider_of(f"{GITHUB}/octo") is Provider.GITHUB
    assert provider_of("https://token.actions.octo.ghe.com") is Provider.GITHUB
    assert provider_of("https://git.example.com/_services/token") is Provider.GITHUB
    assert (provider_of(GITLAB), provider_of(CIRCLECI)) == (Provider.GITLAB, Provider.CIRCLECI)
    assert provider_of("https://gitlab.com.evil.example") is None
    assert violations(wanted(provider="other")) == ["provider"]
    assert violations(wanted(issuer="https://ci.example.com", provider="jenkins")) == ["provider"]


@pytest.mark.parametrize("claim", ["sub", "aud", "iss", "exp", "jti", "a b", "", "x" * 129, "ä"])
def test_a_condition_names_a_claim_that_has_no_field_of_its_own(claim: str) -> None:
    assert violations(wanted(conditions=((claim, "x"),))) == ["conditions[0].claim"]


def test_the_rest() -> None:
    assert violations(wanted(conditions=(("ref", "a"), ("ref", "b")))) == ["conditions"]
    assert violations(wanted(conditions=(("ref", "a"), ("ref", "a")))) == ["conditions"]
    assert violations(wanted(conditions=(("ref", ""),))) == ["conditions[0].value"]
    for name in ("", "-a", "a" * 41, "a b", "0" * 32, "paas_pat_x y"):
        assert violations(wanted(name=name)) == ["name"]
    for ttl in (timedelta(0), timedelta(seconds=59), timedelta(minutes=15, seconds=1), timedelta(days=1)):
        assert violations(wanted(ttl=ttl)) == ["ttl"]
    assert violations(wanted(ttl=timedelta(minutes=1))) == []
    assert violations(wanted(permissions=["all"])) == ["permissions[0]"]
    assert violations(wanted(apps=["A B"])) == ["apps[0]"]
    assert violations(wanted(request_id="x")) == ["request_id"]
    assert violations(wanted(audience=" a")) == ["audience"]


@pytest.mark.parametrize("reference", ["", "a b", "x" * 65, "\0", "paas_pat_" + "x" * 36])
def test_what_is_no_name_of_a_trust_is_none_that_there_is(reference: str) -> None:
    with pytest.raises(NotFound):
        check_trust_reference(reference)


@pytest.mark.parametrize("kind", ["pat", "ci"])
def test_no_token_makes_a_trust(kind: str) -> None:
    refuse_tokens(identity_of())
    with pytest.raises(PermissionDenied, match="made by a person"):
        refuse_tokens(replace(identity_of(), kind=kind))
