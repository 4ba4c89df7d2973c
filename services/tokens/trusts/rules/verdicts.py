"""What a trust says to each claim of a token of a CI system. Pure; whose signature it has is looked at elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from services.tokens.trusts.rules.providers import github_subject, ids_in
from services.tokens.trusts.rules.pull_requests import sign_of_pull_request
from services.tokens.trusts.trust import Claims, Provider, Trust

LONGEST: Final = timedelta(hours=24)
"""How long a token of a CI system may live: for so long it is remembered that it was exchanged."""
SKEW: Final = timedelta(seconds=30)
"""How much the clock of a CI system may be ahead of ours. What has ended by our clock has ended."""
_LONGEST_ID: Final = 256
_SHOWN: Final = 200

Reason = Literal[
    "form",
    "issuer",
    "key",
    "signature",
    "audience",
    "subject",
    "claim",
    "time",
    "ended",
    "lifetime",
    "jti",
    "pull request",
    "exchanged before",
    "maker",
    "too many",
]
"""Why a token is not exchanged, in a few words of ours."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether one thing is as a trust wants it. `about` is a claim's name, or what else was looked at."""

    about: str
    reason: Reason
    passed: bool
    expected: str
    found: str

    @property
    def refusal(self) -> str:
        """What is wrong, in the words that the audit log has."""
        return f"claim {self.about}" if self.reason == "claim" else self.reason


def verdicts_of(trust: Trust, claims: Claims, *, now: datetime) -> Iterator[Verdict]:
    """Yield what `trust` says to each thing that a token claims."""
    yield _audience(trust, claims)
    yield _subject(trust, claims)
    for name, value in trust.conditions:
        found = text_of(claims.get(name))
        yield Verdict(about=name, reason="claim", passed=found == value, expected=value, found=_shown(claims, name))
    yield from _times(claims, now)
    yield _jti(trust, claims)
    sign = sign_of_pull_request(claims, provider=trust.provider)
    yield Verdict(
        about="pull request",
        reason="pull request",
        passed=sign is None or trust.allow_pull_requests,
        expected="allowed" if trust.allow_pull_requests else "none",
        found="none" if sign is None else f"{sign}: {_shown(claims, sign)}",
    )


def issuer_verdict(trust: Trust, claims: Claims, *, is_allowed: bool) -> Verdict:
    """Return whether a token says that it is of the very issuer of `trust`, which trusts may name here."""
    return Verdict(
        about="iss",
        reason="issuer",
        passed=is_allowed and claims.get("iss") == trust.issuer,
        expected=trust.issuer
        if is_allowed
        else f"{trust.issuer}, which the operator does not let trusts name any more",
        found=_shown(claims, "iss"),
    )


def text_of(value: Any) -> str | None:
    """Return a claim's value as conditions have it: a text, or a number or boolean as JSON writes it; else None."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return None


def end_of(claims: Claims) -> datetime:
    """Return when a token ends whose times were found to be right."""
    return datetime.fromtimestamp(claims["exp"], UTC)


def subject_of(claims: Claims) -> str:
    """Return whose a token is, as far as it is told in a log."""
    return _shown(claims, "sub")


def _audience(trust: Trust, claims: Claims) -> Verdict:
    # One that is for others as well could be exchanged by any of them.
    passed = claims.get("aud") in (trust.audience, [trust.audience])
    return Verdict(about="aud", reason="audience", passed=passed, expected=trust.audience, found=_shown(claims, "aud"))


def _subject(trust: Trust, claims: Claims) -> Verdict:
    subject = claims.get("sub")
    passed = isinstance(subject, str) and _is_of(trust, subject)
    return Verdict(about="sub", reason="subject", passed=passed, expected=trust.subject, found=_shown(claims, "sub"))


def _is_of(trust: Trust, subject: str) -> bool:
    ids = ids_in(subject, provider=trust.provider)
    wanted_ids = dict(trust.conditions)
    if any(wanted_ids.get(claim) != each for claim, each in ids.items()):
        return False
    if trust.provider is Provider.GITHUB:
        wanted, found = github_subject(trust.subject), github_subject(subject)
        if wanted is not None and found is not None:
            # Of owner and repository the ids count, which are conditions too: names change, in either form.
            return _fits(wanted.rest, found.rest)
    return _fits(trust.subject, subject)


def _fits(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _times(claims: Claims, now: datetime) -> Iterator[Verdict]:
    times = {name: _time(claims.get(name)) for name in ("iat", "exp", "nbf")}
    issued_at, ends_at, begins_at = times["iat"], times["exp"], times["nbf"]
    begins = "nbf" not in claims or (begins_at is not None and begins_at <= now + SKEW)
    yield _time_verdict("nbf", "time", begins, "not in the future", times)
    yield _time_verdict("iat", "time", issued_at is not None and issued_at <= now + SKEW, "not in the future", times)
    yield _time_verdict("exp", "ended", ends_at is not None and now < ends_at, f"after {_written(now)}", times)
    whole = issued_at is not None and ends_at is not None and timedelta() < ends_at - issued_at <= LONGEST
    yield Verdict(
        about="exp",
        reason="lifetime",
        passed=whole,
        expected="at most 24 hours after iat",
        found="" if issued_at is None or ends_at is None else str(ends_at - issued_at),
    )


def _time_verdict(
    name: str, reason: Reason, passed: bool, expected: str, times: Mapping[str, datetime | None]
) -> Verdict:
    at = times[name]
    return Verdict(
        about=name, reason=reason, passed=passed, expected=expected, found="no time" if at is None else _written(at)
    )


def _time(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _jti(trust: Trust, claims: Claims) -> Verdict:
    jti = claims.get("jti")
    has_one = isinstance(jti, str) and 0 < len(jti) <= _LONGEST_ID
    # Those of CircleCI have none; such a token is told from others by all of its text (`once`).
    may_lack_it = trust.provider in (Provider.CIRCLECI, Provider.OTHER) and "jti" not in claims
    return Verdict(
        about="jti",
        reason="jti",
        passed=has_one or may_lack_it,
        expected="1 to 256 characters",
        found="as expected" if has_one else "none" if jti is None else "something else",
    )


def _shown(claims: Claims, name: str) -> str:
    value = claims.get(name)
    text = text_of(value)
    if text is None:
        text = "none" if value is None else ", ".join(map(str, value)) if _is_texts(value) else "something else"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
