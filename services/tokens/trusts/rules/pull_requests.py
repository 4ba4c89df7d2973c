"""Whether a CI job is one of a pull request: its code may be anybody's who can open one.

Every sign of every CI system counts, whichever the issuer is. Where the one that its system always gives is missing, a
job is taken for one of a pull request.
"""

import re
from collections.abc import Iterator
from typing import Final

from services.tokens.trusts.trust import Claims, Provider

_ALWAYS_SAID: Final = {Provider.GITHUB: "event_name", Provider.GITLAB: "pipeline_source"}
_REQUEST_REF: Final = re.compile(r"(?:refs/)?(?:heads/)?(?:pull|merge-requests)/[0-9]+(?:/|\Z)", re.ASCII)
_REFS: Final = ("ref", "ref_path", "oidc.circleci.com/vcs-ref")
_SET_FOR_REQUESTS: Final = ("head_ref", "base_ref")
_STARTS: Final = {"event_name": "pull_request", "ref_type": "merge_request"}
_SOURCES: Final = ("merge_request_event", "external_pull_request_event")


def sign_of_pull_request(claims: Claims, *, provider: Provider) -> str | None:
    """Return the claim that says that a job is one of a pull request, or does not say that it is none; else None."""
    return next(_signs(claims, provider), None)


def _signs(claims: Claims, provider: Provider) -> Iterator[str]:
    always = _ALWAYS_SAID.get(provider)
    if always is not None and not isinstance(claims.get(always), str):
        yield always
    yield from (name for name, start in _STARTS.items() if str(claims.get(name, "")).startswith(start))
    if claims.get("pipeline_source") in _SOURCES:
        yield "pipeline_source"
    yield from (name for name in _REFS if _REQUEST_REF.match(str(claims.get(name, ""))))
    yield from (name for name in _SET_FOR_REQUESTS if claims.get(name))
    if "job_project_id" in claims and claims["job_project_id"] != claims.get("project_id"):
        yield "job_project_id"  # the pipeline of a merge request from a fork, in the project it is for
    subject = str(claims.get("sub", ""))
    if subject.endswith(":pull_request") or _REQUEST_REF.match(subject.partition("/vcs-ref/")[2]):
        yield "sub"
