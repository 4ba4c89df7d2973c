"""What a form asks for: whose jobs get tokens, and what these may do. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from google.rpc import code_pb2
from starlette.datastructures import FormData

from dashboard.calls.refusals import Refusal
from dashboard.tokens.asked import places_in, scopes_in
from dashboard.trusts.systems import SYSTEMS
from paas_cli.errors import Misuse
from paas_cli.typed import durations

LIFETIMES: Final = (("15m", "15 minutes"), ("10m", "10 minutes"), ("5m", "5 minutes"), ("1m", "a minute"))
_MOST_OF_A_TOKEN: Final = 16384


@dataclass(frozen=True, kw_only=True)
class AskedTrust:
    """A trust to be made."""

    name: str
    provider: str
    issuer: str
    audience: str
    subject: str
    claims: tuple[tuple[str, str], ...]
    allow_pull_requests: bool
    seconds: int
    permissions: tuple[str, ...]
    apps: tuple[str, ...]


def asked(form: FormData) -> AskedTrust:
    """What the form asks for. Raises Refusal where it is left open what that is."""

    def text(field: str) -> str:
        return str(form.get(field, "")).strip()

    for field, words in (("name", "a name"), ("issuer", "its issuer"), ("subject", "the subject of its jobs")):
        if not text(field):
            raise _refused(f"Give the trust {words}.")
    provider = text("provider")
    if provider not in SYSTEMS:
        raise _refused("Choose the CI system.")
    try:
        seconds = durations.seconds(text("lifetime"), option="The lifetime")
    except Misuse as misuse:
        raise _refused(str(misuse)) from None
    return AskedTrust(
        name=text("name"),
        provider=provider,
        issuer=text("issuer"),
        audience=text("audience"),
        subject=text("subject"),
        claims=tuple(_claims(str(form.get("claims", "")))),
        allow_pull_requests=form.get("pull_requests") == "1",
        seconds=seconds,
        permissions=scopes_in(form),
        apps=places_in(form),
    )


def job_token(form: FormData) -> str:
    """The token of a job that somebody pasted. Raises Refusal where it is none, and never shows it."""
    token = str(form.get("token", "")).strip()
    if not token:
        raise _refused("Paste the token of a job.")
    if token.count(".") != 2 or len(token.split()) > 1 or len(token) > _MOST_OF_A_TOKEN:
        raise _refused("That is no token of a CI system, which is one word in three parts.")
    return token


def _claims(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        claim, equals, value = line.strip().partition("=")
        if not equals or not claim:
            raise _refused(f"Line {number} of the claims is not NAME=VALUE, such as repository_id=456789.")
        yield claim, value


def _refused(sentence: str) -> Refusal:
    return Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=sentence)
