"""What is known of each CI system: which issuer it is, what its subjects look like, and which claims have its ids.

GitHub: docs.github.com, "OpenID Connect reference"; since 2026-07-15 the subject of new repositories has the ids of
owner and repository behind their names. GitLab: docs.gitlab.com, "ID token authentication". CircleCI:
circleci.com/docs, "Using OpenID Connect tokens in jobs". Names can be taken by somebody else later, ids never are: so
ids are what counts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from paaskit.errors import FieldViolation
from services.tokens.trusts.trust import Provider

OWNER_ID: Final = "repository_owner_id"
REPOSITORY_ID: Final = "repository_id"
PROJECT_ID: Final = "project_id"
CIRCLECI_PROJECT: Final = "oidc.circleci.com/project-id"
CIRCLECI_ORIGIN: Final = "oidc.circleci.com/vcs-origin"

_HOSTS: Final = {
    "token.actions.githubusercontent.com": Provider.GITHUB,
    "gitlab.com": Provider.GITLAB,
    "oidc.circleci.com": Provider.CIRCLECI,
}
_GITHUB_ENTERPRISE: Final = re.compile(r"token\.actions\.[a-z0-9-]+\.ghe\.com\Z")
_ID: Final = re.compile(r"[0-9]{1,20}\Z", re.ASCII)
_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME: Final = r"[^/:@*\s]+"
_GITHUB: Final = re.compile(
    rf"repo:{_NAME}(?:@(?P<owner>[0-9]{{1,20}}))?/{_NAME}(?:@(?P<repository>[0-9]{{1,20}}))?:(?P<rest>.+)\Z", re.ASCII
)
_GITLAB: Final = re.compile(r"(?:project_path:[^:*\s]+|project_id:(?P<project>[0-9]{1,20})):(?P<rest>.+)\Z", re.ASCII)
_CIRCLECI: Final = re.compile(rf"org/(?P<org>{_UUID})/project/(?P<project>{_UUID})/(?P<rest>.+)\Z", re.ASCII)


@dataclass(frozen=True)
class GithubSubject:
    """A subject of GitHub's: the ids in it, where it has them, and what follows owner and repository."""

    owner_id: str | None
    repository_id: str | None
    rest: str


def provider_of(issuer: str) -> Provider | None:
    """Return which CI system an issuer's address stands for, None where it could be any."""
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    if _GITHUB_ENTERPRISE.match(host) or parts.path.endswith("/_services/token"):
        return Provider.GITHUB
    return _HOSTS.get(host)


def github_subject(subject: str) -> GithubSubject | None:
    """Return the parts of a subject of either of GitHub's two forms; None for one of another form."""
    found = _GITHUB.match(subject)
    return None if found is None else GithubSubject(found["owner"], found["repository"], found["rest"])


def subject_violations(subject: str, *, provider: Provider, issuer: str) -> Iterator[FieldViolation]:
    """Yield what is wrong with the subject of a trust. Above all a `*` that stands for an owner or a repository."""
    if "*" in subject[:-1]:
        yield FieldViolation("subject", "may have a * at its end, and nowhere else")
    ends_open = subject.endswith("*")
    match provider:
        case Provider.GITHUB if ends_open or subject.startswith("repo:"):
            if _GITHUB.match(subject) is None:
                yield FieldViolation(
                    "subject", "must be repo:OWNER/NAME:… or repo:OWNER@ID/NAME@ID:…, with a * after these at most"
                )
        case Provider.GITLAB if ends_open or subject.startswith("project_"):
            if _GITLAB.match(subject) is None:
                yield FieldViolation("subject", "must be project_path:GROUP/NAME:…, with a * after that at most")
        case Provider.CIRCLECI:
            found = _CIRCLECI.match(subject)
            if found is None:
                yield FieldViolation("subject", "must be org/UUID/project/UUID/…, with a * after these at most")
            elif not issuer.endswith(f"/org/{found['org']}"):
                yield FieldViolation("subject", "must be of the organization that the issuer is of")
        case Provider.OTHER if ends_open:
            yield FieldViolation("subject", "may end in * for GitHub, GitLab and CircleCI alone")
        case _:
            return


def ids_in(subject: str, *, provider: Provider) -> Mapping[str, str]:
    """Return the claims with ids that a subject says itself."""
    match provider:
        case Provider.GITHUB if found := github_subject(subject):
            ids = {OWNER_ID: found.owner_id, REPOSITORY_ID: found.repository_id}
            return {claim: each for claim, each in ids.items() if each is not None}
        case Provider.GITLAB if (in_gitlab := _GITLAB.match(subject)) and in_gitlab["project"]:
            return {PROJECT_ID: in_gitlab["project"]}
        case Provider.CIRCLECI if in_circleci := _CIRCLECI.match(subject):
            return {CIRCLECI_PROJECT: in_circleci["project"]}
        case _:
            return {}


def id_violations(
    conditions: Mapping[str, str], *, provider: Provider, allow_pull_requests: bool
) -> Iterator[FieldViolation]:
    """Yield the ids that a trust lacks: without them whoever takes over a name gets its tokens."""
    needed: Sequence[str] = {
        Provider.GITHUB: (OWNER_ID, REPOSITORY_ID),
        Provider.GITLAB: (PROJECT_ID,),
        Provider.CIRCLECI: (CIRCLECI_PROJECT,),
        Provider.OTHER: (),
    }[provider]
    missing = [claim for claim in needed if claim not in conditions]
    if missing:
        yield FieldViolation("conditions", f"must have {' and '.join(missing)}: a name may be somebody else's later")
    for claim in needed:
        if claim != CIRCLECI_PROJECT and claim in conditions and not _ID.match(conditions[claim]):
            yield FieldViolation("conditions", f"must have a number as {claim}")
    if provider is Provider.CIRCLECI and not allow_pull_requests and CIRCLECI_ORIGIN not in conditions:
        # A job of a fork says so in nothing but where its source is from.
        yield FieldViolation("conditions", f"must have {CIRCLECI_ORIGIN}, unless pull requests are allowed")
