"""One call of the story, what earlier answers said, and calls that are made more than once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2
from google.protobuf.duration_pb2 import Duration
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id, utc_now
from services.tokens.trusts.exchanges import GRANT_TYPE, SUBJECT_TOKEN_TYPES
from tests.access.house import House
from tests.access.recorded.table import ALLOWED
from tests.access.recorded.told import ADA
from tests.fakes import ci_jobs

TENANT: Final = "hooli"
ENDED: Final = "refused: a token that ended"
LATE: Final = "tokens.use"
"""What comes of that, within seconds: nobody waits for it, so it falls into the time of what is called next."""
PERSON: Final = "a person"
TOKEN: Final = "a token"  # who calls; no token
_SUBJECT: Final = "repo:octo@123456/app@456789:ref:refs/heads/main"
ADA_NAME: Final = "user:ada@example.com"


@dataclass
class Known:
    """What earlier answers said."""

    house: House
    app_id: str = ""
    group_id: str = ""
    version: int = 0
    sealed: int = 0
    draft: int = 0
    event_id: str = ""
    release: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    """Of tokens, by name."""
    ids: dict[str, str] = field(default_factory=dict)
    """Of tokens and trusts, by what the table calls them."""
    trust: Any = None

    def job(self, **claims: Any) -> str:
        """What a job of the CI system is given."""
        issuer = self.house.issuer
        said = {"iss": issuer.url, "aud": self.trust.audience, "jti": str(uuid4()), **claims}
        return issuer.keys.sign(ci_jobs.github_with_ids(issuer.clock(), **said), header={})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One call. `by` is a person, a token, or whose certificate it is. `learn` keeps what the answer says."""

    path: str
    request: Callable[[Known], Any]
    by: str = TOKEN
    way: str = ALLOWED
    answer: Any = None
    learn: Callable[[Known, Any], None] | None = None
    metadata: Callable[[Known, Any], Sequence[tuple[str, str]]] | None = None
    refused: bool = False


def _users(service: str, package: str) -> Callable[..., Step]:
    return lambda method, request, **more: Step(path=f"/paas.{package}.v1.{service}/{method}", request=request, **more)


config = _users("ConfigService", "config")
groups = _users("GroupsService", "config")
config_internal = _users("ConfigInternalService", "config")
secrets = _users("SecretsService", "secrets")
secrets_internal = _users("SecretsInternalService", "secrets")
keys = _users("KeysService", "secrets")
tokens = _users("TokensService", "tokens")
trusts = _users("TrustsService", "tokens")
tokens_internal = _users("TokensInternalService", "tokens")
releaser = _users("ReleaserService", "releaser")
releaser_internal = _users("ReleaserInternalService", "releaser")
audit = _users("AuditService", "audit")
operations = _users("OperationsInternalService", "operations")


def learn_draft(known: Known, answer: Any) -> None:
    """Keep which revision of the draft there is."""
    known.draft = answer.revision


def set_vars(
    *, way: str = "", learns: bool = False, stage: bool = False, validate_only: bool = False, **given: str
) -> Step:
    """How to set config vars."""

    def learn(known: Known, answer: config_pb2.SetVarsResponse) -> None:
        known.version = answer.change.version
        known.release = answer.change.release

    return config(
        "SetVars",
        lambda _: config_pb2.SetVarsRequest(
            request_id=random_id(),
            app="web",
            vars=[config_pb2.Assignment(name=name, value=value) for name, value in given.items()],
            stage=stage,
            validate_only=validate_only,
        ),
        way=way or ("allowed: staged" if stage else ALLOWED),
        answer=config_pb2.SetVarsResponse,
        learn=learn if learns else None,
    )


def set_secrets(*, learns: bool = False, stage: bool = False, **given: str) -> Step:
    """How to set secrets."""

    def learn(known: Known, answer: secrets_pb2.SetSecretsResponse) -> None:
        known.sealed = answer.change.version

    return secrets(
        "SetSecrets",
        lambda _: secrets_pb2.SetSecretsRequest(
            request_id=random_id(),
            app="web",
            secrets=[secrets_pb2.SecretAssignment(name=name, value=value) for name, value in given.items()],
            stage=stage,
        ),
        way="allowed: staged" if stage else ALLOWED,
        answer=secrets_pb2.SetSecretsResponse,
        learn=learn if learns else None,
    )


def update_app(*, seconds: int, stage: bool = False) -> Step:
    """How to change what an app runs: how long its instances may take."""
    spec = config_pb2.AppSpec(ready_timeout=Duration(seconds=seconds))
    return config(
        "UpdateApp",
        lambda _: config_pb2.UpdateAppRequest(request_id=random_id(), app="web", spec=spec, stage=stage),
        way="allowed: staged" if stage else ALLOWED,
    )


def make_token(name: str, *, by: str = TOKEN, permissions: Sequence[str] = ()) -> Step:
    """How to make a token."""
    return tokens(
        "CreateToken",
        lambda _: tokens_pb2.CreateTokenRequest(
            request_id=random_id(), name=name, permissions=permissions or ["apps.read"]
        ),
        by=by,
        way=ALLOWED if by == PERSON else f"allowed: {name}",
        answer=tokens_pb2.CreateTokenResponse,
        learn=lambda known, answer: known.texts.update({name: answer.secret}),
    )


def end_sessions(user: str = "bob@example.com", *, by: str = TOKEN, way: str = ALLOWED, refused: bool = False) -> Step:
    """How to end somebody's sessions."""
    request = tokens_pb2.EndSessionsRequest(user=user)
    return tokens("EndSessions", lambda _: request, by=by, way=way, refused=refused)


def make_trust(*, by: str = TOKEN, way: str = ALLOWED, refused: bool = False) -> Step:
    """How to trust a CI system."""
    return trusts(
        "CreateTrust",
        lambda known: tokens_pb2.CreateTrustRequest(
            request_id=random_id(),
            name="jobs",
            issuer=known.house.issuer.url,
            provider="github",
            subject=_SUBJECT,
            permissions=["config.read"],
        ),
        by=by,
        way=way,
        answer=tokens_pb2.CreateTrustResponse,
        learn=lambda known, answer: setattr(known, "trust", answer.trust),
        refused=refused,
    )


def exchange(job: Callable[[Known], str], *, way: str = ALLOWED, refused: bool = False) -> Step:
    """How a job exchanges its token."""
    return trusts(
        "ExchangeToken",
        lambda known: tokens_pb2.ExchangeTokenRequest(
            grant_type=GRANT_TYPE,
            trust=known.trust.trust_id,
            subject_token=job(known),
            subject_token_type=SUBJECT_TOKEN_TYPES[0],
        ),
        by="gateway",
        way=way,
        refused=refused,
    )


def check(*, way: str = ALLOWED) -> Step:
    """How the gateway asks about a token."""
    context = attribute_context_pb2.AttributeContext

    def request(known: Known) -> Any:
        http = context.HttpRequest(headers={"authorization": f"Bearer {known.texts['leaky']}"})
        attributes = context(request=context.Request(http=http))
        return external_auth_pb2.CheckRequest(attributes=attributes)

    return Step(path="/envoy.service.auth.v3.Authorization/Check", request=request, by="gateway", way=way)


def event_of(known: Known) -> audit_pb2.Event:
    """An event as a service reports it."""
    event = audit_pb2.Event(
        event_id=random_id(),
        tenant=TENANT,
        action="config.set",
        actor=ADA_NAME,
        token_id=known.ids[ADA.token],
        app="web",
        targets=["A"],
        outcome=audit_pb2.OUTCOME_OK,
    )
    event.occurred_at.FromDatetime(utc_now())
    return event
