"""What CI systems say of their jobs, as their documentation has it, and trusts that take it.

Both forms of GitHub's subject, GitLab's and CircleCI's. Times are given, so that a test chooses them.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.tokens.trusts.rules.asked import NewTrust
from services.tokens.trusts.trust import Provider, Trust

GITHUB: Final = "https://token.actions.githubusercontent.com"
GITLAB: Final = "https://gitlab.com"
ORG: Final = "5f0f3c9b-58a2-4c1d-9b35-5b4f9f6d7a10"
PROJECT: Final = "8a6d1e52-6b0a-4b1e-8d2f-3a7c0b9e4f21"
CIRCLECI: Final = f"https://oidc.circleci.com/org/{ORG}"
AUDIENCE: Final = "paas-trust:00000000000000000000000000000007"
GITHUB_IDS: Final = (("repository_id", "456789"), ("repository_owner_id", "123456"))
ORIGIN: Final = "github.com/octo/app"


def github(now: datetime, **changes: Any) -> dict[str, Any]:
    """The claims of a job of GitHub Actions on the branch main, with the subject of repositories of before."""
    return _changed(
        {
            "jti": "example-id",
            "sub": "repo:octo/app:ref:refs/heads/main",
            "aud": AUDIENCE,
            "ref": "refs/heads/main",
            "sha": "2d1a",
            "repository": "octo/app",
            "repository_owner": "octo",
            "repository_owner_id": "123456",
            "repository_id": "456789",
            "actor_id": "12",
            "workflow": "deploy",
            "head_ref": "",
            "base_ref": "",
            "event_name": "push",
            "ref_protected": "true",
            "ref_type": "branch",
            "job_workflow_ref": "octo/app/.github/workflows/deploy.yml@refs/heads/main",
            "iss": GITHUB,
            **_times(now, minutes=5),
            "nbf": int((now - timedelta(minutes=10)).timestamp()),
        },
        changes,
    )


def github_with_ids(now: datetime, **changes: Any) -> dict[str, Any]:
    """The same with the subject of repositories that were made since 2026-07-15."""
    return github(now, **{"sub": "repo:octo@123456/app@456789:ref:refs/heads/main", **changes})


def gitlab(now: datetime, **changes: Any) -> dict[str, Any]:
    """The claims of a job of GitLab on the branch main."""
    return _changed(
        {
            "jti": "63ab75f4-2606-4f0e-a500-86f90ab13a85",
            "sub": "project_path:octo/group/app:ref_type:branch:ref:main",
            "aud": AUDIENCE,
            "namespace_id": "1",
            "namespace_path": "octo/group",
            "project_id": "28",
            "project_path": "octo/group/app",
            "job_project_id": "28",
            "user_id": "1",
            "pipeline_id": "455",
            "pipeline_source": "push",
            "ref": "main",
            "ref_type": "branch",
            "ref_path": "refs/heads/main",
            "ref_protected": "true",
            "runner_id": 1,
            "iss": GITLAB,
            **_times(now, hours=1),
            "nbf": int((now - timedelta(seconds=5)).timestamp()),
        },
        changes,
    )


def circleci(now: datetime, **changes: Any) -> dict[str, Any]:
    """The claims of a job of CircleCI on the branch main, as of `CIRCLE_OIDC_TOKEN_V2`. They have no `jti`."""
    user = "0e9a5f5e-5a0b-4a51-8e38-0a3f6a3f3e11"
    return _changed(
        {
            "sub": f"org/{ORG}/project/{PROJECT}/user/{user}/vcs-origin/{ORIGIN}/vcs-ref/refs/heads/main",
            "aud": AUDIENCE,
            "oidc.circleci.com/project-id": PROJECT,
            "oidc.circleci.com/org-id": ORG,
            "oidc.circleci.com/vcs-origin": ORIGIN,
            "oidc.circleci.com/vcs-ref": "refs/heads/main",
            "oidc.circleci.com/ssh-rerun": False,
            "oidc.circleci.com/context-ids": ["a74579f1-2e7d-451e-b009-5c082ad2729e"],
            "iss": CIRCLECI,
            **_times(now, hours=1),
        },
        changes,
    )


def trust_of(
    *,
    issuer: str = GITHUB,
    provider: Provider = Provider.GITHUB,
    subject: str = "repo:octo/app:ref:refs/heads/main",
    conditions: tuple[tuple[str, str], ...] = GITHUB_IDS,
    **changes: Any,
) -> Trust:
    """A trust that takes what `github` says."""
    given: dict[str, Any] = {
        "tenant": "acme",
        "trust_id": AUDIENCE[-32:],
        "name": "deploy",
        "audience": AUDIENCE,
        "allow_pull_requests": False,
        "granted": frozenset({"config.read", "config.write"}),
        "apps": None,
        "ttl": timedelta(minutes=15),
        "maker": "user:ada@example.com",
        "maker_id": None,
        "maker_permissions": frozenset({"config.read", "config.write", "tokens.manage"}),
        "parent_id": None,
        "created_at": datetime.fromisoformat("2026-05-06T12:00:00+00:00"),
        **changes,
    }
    return Trust(issuer=issuer, provider=provider, subject=subject, conditions=conditions, **given)


def gitlab_trust(**changes: Any) -> Trust:
    """A trust that takes what `gitlab` says."""
    given: dict[str, Any] = {
        "issuer": GITLAB,
        "provider": Provider.GITLAB,
        "subject": "project_path:octo/group/app:ref_type:branch:ref:main",
        "conditions": (("project_id", "28"), ("ref_protected", "true")),
        **changes,
    }
    return trust_of(**given)


def circleci_trust(**changes: Any) -> Trust:
    """A trust that takes what `circleci` says."""
    conditions = {
        "oidc.circleci.com/project-id": PROJECT,
        "oidc.circleci.com/ssh-rerun": "false",
        "oidc.circleci.com/vcs-origin": ORIGIN,
        "oidc.circleci.com/vcs-ref": "refs/heads/main",
    }
    given: dict[str, Any] = {
        "issuer": CIRCLECI,
        "provider": Provider.CIRCLECI,
        "subject": f"org/{ORG}/project/{PROJECT}/user/*",
        "conditions": tuple(conditions.items()),
        **changes,
    }
    return trust_of(**given)


def wanted(**changes: Any) -> NewTrust:
    """A trust of GitHub that somebody may ask for."""
    given: dict[str, Any] = {
        "request_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "name": "deploy",
        "issuer": GITHUB,
        "subject": "repo:octo@123456/app@456789:ref:refs/heads/main",
        **changes,
    }
    return NewTrust(**given)


def _times(now: datetime, **lifetime: float) -> dict[str, int]:
    return {"iat": int(now.timestamp()), "exp": int((now + timedelta(**lifetime)).timestamp())}


def _changed(claims: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The claims with others in their places; `...` takes one away."""
    return {name: value for name, value in {**claims, **changes}.items() if value is not ...}
