"""Every page of the dashboard, of an app and a person that have some of everything."""

from collections.abc import Iterator
from typing import Final

from tests.e2e.installation import Installation, Paas, releases

LONG: Final = "A_VERY_LONG_NAME_THAT_SOMEBODY_THOUGHT_WOULD_EXPLAIN_EVERYTHING_THERE_IS_TO_KNOW_ABOUT_IT"
_TRUSTED: Final = "repo:octo@123456/app@456789:ref:refs/heads/main"
_SCHEMA: Final = b"# @defaultRequired=false\n# ---\n# @type=enum(debug, info, warn)\nLOG_LEVEL=\n"
_ISSUER: Final = "https://token.actions.githubusercontent.com"


def furnish(installation: Installation, ada: Paas) -> Paas:
    """`paas` with an app that has some of everything, long names and values among them."""
    paas = installation.new_app(ada, instances=1)
    paas.ok("config:set", "LOG_LEVEL=info", f"{LONG}={'x' * 300}", "EMPTY=", "LINES=one\ntwo")
    paas.ok("secrets:set", "API_KEY=-", stdin=paas.canaries.secret().encode())
    paas.ok("config:set", "LOG_LEVEL=debug", "ADDED=1", "--stage")
    paas("secrets:get", "NONE")
    paas.ok("secrets:rotate", "API_KEY", "--overlap", "1h")
    other = installation.new_app(ada, instances=0).environment["PAAS_APP"]
    paas.ok("config:set", "LOG_LEVEL=warn", f"{LONG}={'y' * 300}", "-a", other)
    made = ada.ok("tokens:create", "--name", f"of-{other}", "--ttl", "1h", "--json").document
    ada.canaries.tokens.append(made["secret"])
    ada.ok("tokens:rotate", f"of-{other}")
    trust = ada.ok(
        "tokens:trust", "add", "--name", f"of-{other}", "--issuer", _ISSUER, "--subject", _TRUSTED, "--json"
    ).document["trust"]["id"]
    paas.ok("schema:set", "-", stdin=_SCHEMA)
    paas.ok("secrets:set", "ENDS=-", "--expires", "1d", "--rotate-every", "1h", stdin=b"x")
    return paas.with_(OTHER_APP=other, A_TRUST=trust, A_GROUP=_group(ada, paas, other))


def _group(ada: Paas, paas: Paas, other: str) -> str:
    """A group that both apps have, with a name that the first has itself and a change that waits."""
    group = f"of-{other}"
    ada.ok("groups:create", group)
    ada.ok("config:set", "LOG_LEVEL=warn", "REGION=eu-central-1", f"GROUP_{LONG}={'z' * 300}", "-a", group)
    ada.ok("secrets:set", "SENTRY_DSN=-", "-a", group, stdin=paas.canaries.secret().encode())
    for app in (paas.environment["PAAS_APP"], other):
        ada.ok("groups:attach", group, "-a", app)
    ada.ok("config:set", "REGION=eu-west-1", "-a", group)
    ada.ok("config:set", "ADDED=1", "--stage", "-a", group)
    return group


def pages(paas: Paas) -> Iterator[str]:
    """The addresses of all pages below the prefix."""
    app, other = paas.environment["PAAS_APP"], paas.environment["OTHER_APP"]
    yield from ("", f"apps/{app}", f"apps/{app}/pending", f"apps/{app}/releases", f"apps/{app}/releases/2")
    yield from (f"apps/{app}/releases/2/rollback", f"apps/{app}/releases/2/rollback?secrets=1", f"apps/{app}/staged")
    yield from (f"apps/{app}/runs", f"apps/{app}/secrets/API_KEY", f"apps/{app}/compare")
    yield f"apps/{app}/compare?with={other}"
    tokens = paas.ok("tokens:list", "--json").document["tokens"]
    mine = [each["id"] for each in tokens if each["name"] == f"of-{other}"]
    yield from ("account/tokens", "account/tokens/new", *(f"account/tokens/{each}" for each in mine))
    yield from ("account/trusts", "account/trusts/new?ci=circleci", f"account/trusts/{paas.environment['A_TRUST']}")
    yield from ("account/sessions", "account/people", "sign-in/link", "signed-out")
    yield from ("account/keys", "account/audit", "account/audit?action=keys.rotate", "account/audit?since=never")
    yield from ("account/audit/events/1", "account/audit/events/999999", "account/audit/checkpoint", "account/incident")
    yield from (f"account/incident?token={mine[0]}", f"account/incident?since=1h&app={app}", "no/such/page")
    yield "account/incident?token=no-such-token"
    yield from _pages_of_group(paas, paas.environment["A_GROUP"])
    yield from ("due", "due?list=undelivered")


def _pages_of_group(paas: Paas, group: str) -> Iterator[str]:
    newest = releases(paas.with_(PAAS_APP=group))[0]["number"]
    yield from ("groups", "groups?q=none-is-like-it", f"apps/{group}", f"groups/{group}", f"groups/{group}/pending")
    yield from (f"groups/{group}/releases", f"groups/{group}/releases/{newest}", f"groups/{group}/staged")
    yield from (f"groups/{group}/releases/1/rollback", f"groups/{group}/secrets/SENTRY_DSN", f"groups/{group}/apps")
    yield from (f"groups/{group}/attach", f"groups/{group}/detach?app={paas.environment['OTHER_APP']}")
