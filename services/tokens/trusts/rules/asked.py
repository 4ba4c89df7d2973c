"""What may be asked for when a trust is made: the limits, all checked, all told at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from paaskit.errors import FieldViolation, InvalidInput, NotFound
from paaskit.requests import check_request_id
from services.tokens.rules.asked import MIN_TTL, scope_violations
from services.tokens.trusts.rules.providers import id_violations, ids_in, provider_of, subject_violations
from services.tokens.trusts.trust import Provider

LONGEST_TTL: Final = timedelta(minutes=15)
AUDIENCE: Final = "paas-trust:"
"""How the audience of a trust begins that names none: with the trust's id behind it no other trust has it."""
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?\Z", re.ASCII)
_TRUST_ID: Final = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_ISSUER: Final = re.compile(r"https://[A-Za-z0-9.-]{1,200}(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?\Z", re.ASCII)
_CLAIM: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,128}\Z", re.ASCII)
_HAVE_THEIR_OWN: Final = frozenset({"iss", "aud", "sub", "exp", "iat", "nbf", "jti"})


@dataclass(frozen=True, kw_only=True)
class NewTrust:
    """A trust somebody wants. An empty provider or audience is the default; no ttl: as long as may be."""

    request_id: str
    name: str
    issuer: str
    subject: str
    provider: str = ""
    audience: str = ""
    conditions: Sequence[tuple[str, str]] = ()
    allow_pull_requests: bool = False
    permissions: Sequence[str] = ()
    apps: Sequence[str] = ()
    ttl: timedelta | None = None

    @property
    def known_provider(self) -> Provider:
        """Which kind of CI system it is of, where what is asked for is right."""
        return provider_of(self.issuer) or Provider(self.provider or Provider.OTHER)

    @property
    def all_conditions(self) -> Mapping[str, str]:
        """What tokens have to say: what was asked for, and the ids that the subject has."""
        return {**ids_in(self.subject, provider=self.known_provider), **dict(self.conditions)}


def is_trust_id(text: str) -> bool:
    """Whether a trust may have this id."""
    return _TRUST_ID.match(text) is not None


def check_trust_reference(reference: str) -> None:
    """Raise NotFound for a text that is neither a trust's name nor its id."""
    if not _NAME.match(reference):  # an id is one as well, by its form
        raise trust_not_found()


def check_new_trust(wanted: NewTrust, *, issuer_is_allowed: bool) -> None:
    """Raise InvalidInput naming everything that is wrong with `wanted`."""
    violations = [*_violations(wanted, issuer_is_allowed)]
    if violations:
        wrong = "; ".join(f"{each.field} {each.description}" for each in violations[:5])
        raise InvalidInput(f"The trust can't be made as asked: {wrong}.", fields=violations)


def trust_not_found() -> NotFound:
    """Return the error for a trust that is absent, foreign or out of sight: the three are told in one way."""
    return NotFound(
        "There is no such trust. `paas tokens:trust list` shows the names and ids of those there are.",
        reason="TRUST_NOT_FOUND",
    )


def _violations(wanted: NewTrust, issuer_is_allowed: bool) -> Iterator[FieldViolation]:
    if (wrong := check_request_id(wanted.request_id)) is not None:
        yield wrong
    if not _NAME.match(wanted.name) or is_trust_id(wanted.name):
        yield FieldViolation("name", "must be 1 to 40 letters, digits and ._-, and must not look like an id")
    if not _printable(wanted.audience):
        yield FieldViolation("audience", "must be printable characters without spaces around them")
    if wanted.ttl is not None and not MIN_TTL <= wanted.ttl <= LONGEST_TTL:
        yield FieldViolation("ttl", "must be from 1 to 15 minutes, such as 5m")
    yield from scope_violations(wanted.permissions, wanted.apps)
    if not is_issuer(wanted.issuer):
        yield FieldViolation("issuer", "must be an https address without a user, a query or a fragment")
    elif not issuer_is_allowed:
        yield FieldViolation("issuer", "is none that trusts may name here; the operator sets PAAS_EXCHANGE_ISSUERS")
    else:
        yield from _claim_violations(wanted)


def is_issuer(text: str) -> bool:
    """Whether this is an address that keys may be fetched from."""
    try:
        return _ISSUER.match(text) is not None and bool(urlsplit(text).hostname) and urlsplit(text).port != 0
    except ValueError:  # a port that is none
        return False


def _claim_violations(wanted: NewTrust) -> Iterator[FieldViolation]:
    known = provider_of(wanted.issuer)
    if wanted.provider not in ("", *Provider) or (known is not None and wanted.provider not in ("", known)):
        yield FieldViolation("provider", f"must be {known}" if known else f"must be one of {', '.join(Provider)}")
        return
    if not wanted.subject or not _printable(wanted.subject):
        yield FieldViolation("subject", "must be printable characters without spaces around them")
        return
    for index, (claim, value) in enumerate(wanted.conditions):
        if not _CLAIM.match(claim) or claim in _HAVE_THEIR_OWN:
            yield FieldViolation(f"conditions[{index}].claim", "must name a claim that has no field of its own")
        if not value or not value.isprintable():
            yield FieldViolation(f"conditions[{index}].value", "must be printable characters")
    in_subject = ids_in(wanted.subject, provider=wanted.known_provider)
    said = {*wanted.conditions, *in_subject.items()}
    if len({claim for claim, _ in said}) != len(said) or len(set(wanted.conditions)) != len(wanted.conditions):
        yield FieldViolation("conditions", "must name each claim once, and the ids as the subject has them")
    yield from subject_violations(wanted.subject, provider=wanted.known_provider, issuer=wanted.issuer)
    yield from id_violations(
        wanted.all_conditions, provider=wanted.known_provider, allow_pull_requests=wanted.allow_pull_requests
    )


def _printable(text: str) -> bool:
    return text.isprintable() and text == text.strip()
