"""The token of the job that this is, whichever CI system runs it."""

from collections.abc import Mapping

from paas_cli.ci import circleci, github
from paas_cli.errors import Failure

GITLAB_VARIABLE = "PAAS_ID_TOKEN"
"""Where a job of GitLab has its token unless it is told otherwise: a name under `id_tokens` (docs.gitlab.com)."""


def token(environ: Mapping[str, str], *, audience: str, variable: str | None) -> str:
    """What this job can show of itself. Raises Failure where it is no job, or has nothing."""
    if variable is None and github.is_here(environ):
        return github.token(environ, audience=audience)
    if variable is None and circleci.is_here(environ):
        return circleci.token(environ, audience=audience)
    name = variable or GITLAB_VARIABLE
    if found := environ.get(name):
        return found
    if variable is not None or environ.get("GITLAB_CI") == "true":
        raise Failure(
            f"{name} is not set: give the job a token of that name in .gitlab-ci.yml, with `id_tokens` and "
            f"`aud: {audience}`."
        )
    raise Failure(
        "This is no job of GitHub Actions, GitLab or CircleCI; give its token with --token-file, or name the variable "
        "it is in with --id-token-var."
    )
