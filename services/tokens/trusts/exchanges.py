"""Exchanging a token of a CI system for one of ours, and saying what would come of it.

In this order, so that nothing is asked of anybody for a stranger: the form, the trust, the issuer, then its keys, the
signature, and what is claimed. Who asks is told nothing of what is wrong; the log of the trust's tenant has it. Must
not keep, log or repeat a token.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from paaskit import metrics
from paaskit.audit import AuditEvent
from paaskit.clock import Clock, IdSource
from paaskit.errors import FieldViolation, InvalidInput, SlowDown, Unavailable
from paaskit.identity import Identity
from paaskit.redact import Plaintext
from paaskit.signed_claims import NotValid, check_signature, key_id_of, unverified_claims
from paaskit.write_path import Decision
from services.tokens.domain import TextSource
from services.tokens.rules.sight import Sight, sight_of
from services.tokens.sso.keys import ALGORITHMS, ProviderKey
from services.tokens.token import Token
from services.tokens.trusts.budget import Budget
from services.tokens.trusts.rules.asked import check_trust_reference, is_trust_id, trust_not_found
from services.tokens.trusts.rules.giving import Exchange, NotGiven, refused_event
from services.tokens.trusts.rules.once import mark_of
from services.tokens.trusts.rules.verdicts import Verdict, end_of, issuer_verdict, subject_of, verdicts_of
from services.tokens.trusts.trust import Claims, Trust, TrustRows

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  # a kind of token (RFC 8693, 3)
SUBJECT_TOKEN_TYPES: Final = (
    "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:jwt",
)
# GitHub's tokens say by which certificate their key is known as well. It is no place to fetch one from.
_ALSO_IN_HEADERS: Final = ("x5t",)


@dataclass(frozen=True, kw_only=True)
class Presented:
    """What is presented for an exchange, in the words of RFC 8693, and where from."""

    grant_type: str
    trust_id: str
    unverified_jwt: Plaintext
    token_type: str
    client_address: str


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What was found of a token: all verdicts in order, and what it claims, where it could be read."""

    verdicts: Sequence[Verdict]
    claims: Claims | None

    @property
    def refusal(self) -> str | None:
        """The first thing that is wrong, None where nothing is."""
        return next((each.refusal for each in self.verdicts if not each.passed), None)

    @property
    def verified_subject(self) -> str:
        """Whose token it is, where that is certain."""
        is_signed = any(each.reason == "signature" and each.passed for each in self.verdicts)
        return subject_of(self.claims) if is_signed and self.claims is not None else ""


class FindsTrusts(Protocol):
    """The store, as far as it is needed here."""

    async def presented(self, trust_id: str) -> Trust | None:
        """Return the trust of this id, of whatever tenant."""

    async def meant(self, tenant: str, reference: str, *, sight: Sight) -> Trust | None:
        """Return the trust of this name or id that is in sight."""

    async def was_used(self, tenant: str, mark: bytes) -> bool:
        """Return whether a token of a CI system was exchanged."""

    async def exchange(
        self, trust: Trust, mark: bytes, *, now: datetime, decide: Callable[..., Decision[TrustRows]]
    ) -> Trust | None:
        """Change what `decide` says; return the trust as it is now."""


class FindsKeys(Protocol):
    """The keys of issuers, as far as they are needed here."""

    def allows(self, issuer: str) -> bool:
        """Whether a trust may name `issuer`."""

    async def key(self, issuer: str, key_id: str) -> ProviderKey | None:
        """Return the key of this id that `issuer` publishes. Raises Unavailable."""


class KeepsDenials(Protocol):
    """Who keeps what was refused on record."""

    async def keep(self, denied: AuditEvent) -> None:
        """Keep one. Raises SlowDown where there were many, and Unavailable."""


class Exchanges:
    """Exchanges tokens."""

    def __init__(
        self,
        store: FindsTrusts,
        issuers: FindsKeys,
        *,
        denials: KeepsDenials,
        budget: Budget,
        texts: TextSource,
        clock: Clock,
        new_id: IdSource,
    ) -> None:
        self._store = store
        self._issuers = issuers
        self._denials = denials
        self._budget = budget
        self._texts = texts
        self._clock = clock
        self._new_id = new_id

    async def exchange(self, presented: Presented) -> tuple[Token, Plaintext]:
        """Return the token that is given, with its text, which is kept nowhere.

        Raises InvalidInput for what is no exchange, NotGiven for whatever else is wrong, SlowDown and TooManyRequests
        where there is no room, and Unavailable.
        """
        _check(presented)
        async with self._budget.place(presented.client_address):
            try:
                given = await self._exchange(presented)
            except NotGiven as refused:
                metrics.EXCHANGES.labels(refused.kind).inc()
                self._budget.count_refused(presented.client_address)
                raise
            metrics.EXCHANGES.labels("given").inc()
            return given

    async def _exchange(self, presented: Presented) -> tuple[Token, Plaintext]:
        found = await self._store.presented(presented.trust_id) if is_trust_id(presented.trust_id) else None
        if found is None:
            raise NotGiven("")  # nobody's log is the place for it
        trust, now = found, self._clock()
        examined = await self._examine(trust, presented.unverified_jwt.reveal(), now=now, is_test=False)
        try:
            return await self._give(trust, examined, presented, now=now)
        except NotGiven as refused:
            await self._keep(trust, refused.refusal, examined, presented.client_address)
            raise

    async def _give(
        self, trust: Trust, examined: Examined, presented: Presented, *, now: datetime
    ) -> tuple[Token, Plaintext]:
        claims = examined.claims
        if examined.refusal is not None or claims is None:
            raise NotGiven(examined.refusal or "form")
        text = self._texts.generate()
        exchange = Exchange(
            subject=subject_of(claims),
            mark=mark_of(presented.unverified_jwt.reveal(), claims),
            ends_at=end_of(claims),
            client_address=presented.client_address,
            token_id=self._new_id(),
            digest=self._texts.digest(text),
            now=now,
        )
        now_is = await self._store.exchange(trust, exchange.mark, now=now, decide=exchange.decide)
        return exchange.token(now_is or trust), Plaintext(text)

    async def _keep(self, trust: Trust, refusal: str, examined: Examined, client_address: str) -> None:
        event = refused_event(trust, refusal, subject=examined.verified_subject, client_address=client_address)
        try:
            await self._denials.keep(event)
        except SlowDown:
            return  # it is on record, and what is told must not depend on whether there is such a trust

    async def test(self, reference: str, unverified_jwt: Plaintext, identity: Identity) -> Examined:
        """Return what would come of exchanging a token, and exchange nothing. Raises NotFound for a trust out of sight.

        What it claims is looked at even where its signature is wrong: that helps to find out why.
        """
        check_trust_reference(reference)
        trust = await self._store.meant(identity.tenant, reference, sight=sight_of(identity))
        if trust is None:
            raise trust_not_found()
        text = unverified_jwt.reveal()
        examined = await self._examine(trust, text, now=self._clock(), is_test=True)
        more = []
        if examined.claims is not None and isinstance(examined.claims.get("iss"), str):
            was_used = await self._store.was_used(trust.tenant, mark_of(text, examined.claims))
            more.append(_before(was_used))
        return Examined(verdicts=[*examined.verdicts, *more, _of_maker(trust)], claims=examined.claims)

    async def _examine(self, trust: Trust, unverified_jwt: str, *, now: datetime, is_test: bool) -> Examined:
        """Return the verdicts on a token: with `is_test` all of them, else up to the signature until one is wrong."""
        try:
            claims: Claims = unverified_claims(unverified_jwt)
            key_id = key_id_of(unverified_jwt, algorithms=ALGORITHMS, also=_ALSO_IN_HEADERS)
        except NotValid:
            return Examined(verdicts=[_form(passed=False)], claims=None)
        verdicts = [
            _form(passed=True),
            issuer_verdict(trust, claims, is_allowed=self._issuers.allows(trust.issuer)),
        ]
        if verdicts[-1].passed:
            verdicts += await self._signature(trust, unverified_jwt, key_id, is_test=is_test)
        if is_test or all(each.passed for each in verdicts):
            verdicts += verdicts_of(trust, claims, now=now)
        return Examined(verdicts=verdicts, claims=claims)

    async def _signature(self, trust: Trust, unverified_jwt: str, key_id: str, *, is_test: bool) -> Sequence[Verdict]:
        """Return the verdicts on a token's key and signature. Raises Unavailable, unless it is a test."""
        try:
            key = await self._issuers.key(trust.issuer, key_id)
        except Unavailable:
            if not is_test:
                raise
            return [_key(passed=False, found="none of its keys could be fetched")]
        if key is None:
            return [_key(passed=False, found="a key it does not publish")]
        try:
            check_signature(unverified_jwt, key.key, algorithm=key.algorithm)
        except NotValid:
            return [_key(passed=True, found="as expected"), _signed(passed=False)]
        return [_key(passed=True, found="as expected"), _signed(passed=True)]


def _check(presented: Presented) -> None:
    """Raise InvalidInput for what is no exchange as RFC 8693 has it."""
    wrong: list[FieldViolation] = []
    if presented.grant_type != GRANT_TYPE:
        wrong.append(FieldViolation("grant_type", f"must be {GRANT_TYPE}"))
    if presented.token_type not in SUBJECT_TOKEN_TYPES:
        wrong.append(FieldViolation("subject_token_type", f"must be {' or '.join(SUBJECT_TOKEN_TYPES)}"))
    if not presented.trust_id:
        wrong.append(FieldViolation("trust", "must be the id of a trust"))
    if presented.unverified_jwt.reveal().count(".") != 2:
        wrong.append(FieldViolation("subject_token", "must be a signed JWT"))
    if wrong:
        said = "; ".join(f"{each.field} {each.description}" for each in wrong)
        raise InvalidInput(f"This is no exchange of a token: {said}.", fields=wrong)


def _form(*, passed: bool) -> Verdict:
    return _verdict(
        "form", passed=passed, expected="a signed JWT that names one key", found="as expected" if passed else "no such"
    )


def _key(*, passed: bool, found: str) -> Verdict:
    return _verdict("key", passed=passed, expected="one that the issuer publishes", found=found)


def _signed(*, passed: bool) -> Verdict:
    found = "as expected" if passed else "not one of that key"
    return _verdict("signature", passed=passed, expected="the issuer's", found=found)


def _before(was_used: bool) -> Verdict:
    found = "exchanged already" if was_used else "not exchanged yet"
    return _verdict("exchanged before", passed=not was_used, expected="not exchanged yet", found=found)


def _of_maker(trust: Trust) -> Verdict:
    found = ", ".join(sorted(trust.permissions)) or f"{trust.maker} may do none of it any more"
    return _verdict("maker", passed=bool(trust.permissions), expected=", ".join(sorted(trust.granted)), found=found)


def _verdict(about: Any, *, passed: bool, expected: str, found: str) -> Verdict:
    return Verdict(about=about, reason=about, passed=passed, expected=expected, found=found)
