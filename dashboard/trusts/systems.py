"""The CI systems that a trust can be of, each with an example of what it signs of a job (docs/keyless-ci.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class System:
    """One CI system. `issuer` is filled in; the rest are examples, and a sentence on where to find what they need."""

    provider: str
    words: str
    issuer: str
    issuer_example: str
    subject_example: str
    claims_example: str
    hint: str


SYSTEMS: Final[Mapping[str, System]] = {
    each.provider: each
    for each in (
        System(
            provider="github",
            words="GitHub Actions",
            issuer="https://token.actions.githubusercontent.com",
            issuer_example="https://token.actions.githubusercontent.com",
            subject_example="repo:octo@123456/app@456789:ref:refs/heads/main",
            claims_example="repository_owner_id=123456\nrepository_id=456789",
            hint="The ids of owner and repository stand in the subject, or as the two claims: names can be taken by "
            "somebody else later. “gh api repos/octo/app” shows them. After the repository, the subject may end in *.",
        ),
        System(
            provider="gitlab",
            words="GitLab",
            issuer="https://gitlab.com",
            issuer_example="https://gitlab.example.com",
            subject_example="project_path:octo/app:ref_type:branch:ref:main",
            claims_example="project_id=28\nref_protected=true",
            hint="The project's id is a claim: it stands below the project's name. After the project, the subject may "
            "end in *.",
        ),
        System(
            provider="circleci",
            words="CircleCI",
            issuer="",
            issuer_example="https://oidc.circleci.com/org/ORGANIZATION-ID",
            subject_example="org/ORGANIZATION-ID/project/PROJECT-ID/user/*",
            claims_example="oidc.circleci.com/vcs-ref=refs/heads/main",
            hint="The ids of organization and project stand in their settings. The issuer has the organization's too.",
        ),
        System(
            provider="other",
            words="Another",
            issuer="",
            issuer_example="https://ci.example.com",
            subject_example="project-7:main",
            claims_example="environment=production",
            hint="Any that signs OpenID Connect tokens for its jobs, and whose address the operator of this platform "
            "lets trusts name. The subject has to be exactly this.",
        ),
    )
}
