"""What CI gets: a token, or none."""

from typing import Final

from tests.e2e.tasks import pages
from tests.e2e.tasks.task import NotPossible, Task, Unknown, read, typed

_ISSUER: Final = "https://token.actions.githubusercontent.com"
_SUBJECT: Final = "'repo:octo@1/web@2:ref:refs/heads/main'"

TASKS: Final = (
    Task(
        key="ci token",
        words="A token for CI that works for one app and 90 days",
        ours=typed("paas tokens:create --name github-ci --ttl 90d -a web"),
        theirs={
            "heroku": NotPossible("`authorizations:create` has no app to limit it to", pages.heroku("authorizations")),
            "gh": NotPossible("tokens are made in the browser", pages.gh("auth")),
            "fly": read(pages.fly("tokens-create-deploy"), "fly tokens create deploy -x 2160h"),
            "doppler": read(
                pages.doppler("configs_tokens"), "doppler configs tokens create github-ci --max-age 2160h --plain"
            ),
            "infisical": read(
                pages.infisical("service-token"),
                "infisical service-token create --scope=prod:/ --access-level=read --expiry-seconds=7776000",
                note="“deprecated and will be removed”",
            ),
        },
    ),
    Task(
        key="revoke",
        words="Revoke a token",
        ours=typed("paas tokens:revoke github-ci"),
        theirs={
            "heroku": read(pages.heroku("authorizations"), "heroku authorizations", "heroku authorizations:revoke ID"),
            "gh": NotPossible("tokens are ended in the browser", pages.gh("auth")),
            "fly": read(pages.fly("tokens-revoke"), "fly tokens list", "fly tokens revoke ID"),
            "doppler": read(
                pages.doppler("configs_tokens"), "doppler configs tokens", "doppler configs tokens revoke SLUG"
            ),
            "infisical": Unknown(),
        },
    ),
    Task(
        key="keyless",
        words="Let the jobs of a repository in, without a token that is kept there",
        ours=typed(f"paas tokens:trust:add --issuer {_ISSUER} --subject {_SUBJECT} -a web"),
        theirs={
            "heroku": NotPossible("no command of its list does", pages.HEROKU),
            "gh": Unknown("a job has a token of its own for its repository"),
            "fly": NotPossible("no command of its list does", pages.FLY),
            "doppler": NotPossible(
                "`doppler oidc login` is the job's; whom to trust is set in the dashboard", pages.doppler("oidc")
            ),
            "infisical": NotPossible(
                "`infisical login --method=oidc-auth` is the job's; whom to trust is set in the dashboard",
                pages.infisical("login"),
            ),
        },
    ),
)
