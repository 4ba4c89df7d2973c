"""A day of one tenant, in which every method is called by somebody who may, each once things have come to rest."""

from collections.abc import Iterator

from google.api import httpbody_pb2
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.leaks.v1 import leaks_pb2
from paas.operations.v1 import operations_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from tests.access.callers import EVERY_PERMISSION
from tests.access.recorded.for_services import config_for_services, of_app, secrets_for_services
from tests.access.recorded.groups import about_a_group
from tests.access.recorded.steps import (
    ENDED,
    PERSON,
    TENANT,
    Step,
    audit,
    check,
    config,
    end_sessions,
    event_of,
    exchange,
    keys,
    make_token,
    make_trust,
    operations,
    releaser,
    releaser_internal,
    secrets,
    secrets_internal,
    set_secrets,
    set_vars,
    tokens,
    tokens_internal,
    trusts,
    update_app,
)


def story() -> Iterator[Step]:
    """All of it, in order."""
    yield from _beginning()
    yield from _variables()
    yield from about_a_group()
    yield from _sealed()
    yield from _releases()
    yield from config_for_services()
    yield from secrets_for_services()
    yield from _tokens_and_trusts()
    yield from _the_log()
    yield from _operating()
    yield from _end()


def _beginning() -> Iterator[Step]:
    yield tokens_internal(
        "IssueSignIn",
        lambda _: tokens_pb2.IssueSignInRequest(
            tenant=TENANT, user="ada@example.com", role="admin", ttl=Duration(seconds=3600)
        ),
        by="operator",
    )
    yield make_token("github-ci", by=PERSON, permissions=sorted(EVERY_PERMISSION))
    yield config(
        "CreateApp",
        lambda _: config_pb2.CreateAppRequest(request_id=random_id(), app="web", spec=config_pb2.AppSpec()),
        answer=config_pb2.CreateAppResponse,
        learn=lambda known, answer: setattr(known, "app_id", answer.app.app_id),
    )
    yield set_secrets(S="1")
    yield config("GetApp", lambda _: config_pb2.GetAppRequest(app="web"))
    yield config("ListApps", lambda _: config_pb2.ListAppsRequest())


def _variables() -> Iterator[Step]:
    yield set_vars(A="1", learns=True)
    yield set_vars(A="1", way="allowed: nothing differs")
    yield set_vars(A="2", way="allowed: only looked at", validate_only=True)
    yield config("ListVars", lambda _: config_pb2.ListVarsRequest(app="web"))
    yield set_vars(B="1", stage=True)
    yield config(
        "DiscardStaged", lambda _: config_pb2.DiscardStagedRequest(request_id=random_id(), app="web", names=["B"])
    )
    yield update_app(seconds=40, stage=True)
    yield config(
        "DiscardStaged",
        lambda _: config_pb2.DiscardStagedRequest(request_id=random_id(), app="web", spec=True),
        way="allowed: the spec",
    )
    yield config("UnsetVars", lambda _: config_pb2.UnsetVarsRequest(request_id=random_id(), app="web", names=["A"]))
    yield update_app(seconds=30)


def _sealed() -> Iterator[Step]:
    yield secrets("ListSecrets", lambda _: secrets_pb2.ListSecretsRequest(app="web"))
    yield secrets(
        "RevealSecret",
        lambda _: secrets_pb2.RevealSecretRequest(app="web", name="S"),
        answer=secrets_pb2.RevealSecretResponse,
        learn=lambda known, answer: setattr(known, "event_id", answer.audit_event_id),
    )
    yield secrets("RevealSecrets", lambda _: secrets_pb2.RevealSecretsRequest(app="web", names=["S"]))
    yield secrets("RevealEnvironment", lambda _: secrets_pb2.RevealEnvironmentRequest(app="web"))
    yield secrets(
        "RotateSecret",
        lambda _: secrets_pb2.RotateSecretRequest(
            request_id=random_id(), app="web", name="S", random=secrets_pb2.RandomValue()
        ),
    )
    yield secrets(
        "ExpireSecret",
        lambda _: secrets_pb2.ExpireSecretRequest(
            request_id=random_id(),
            app="web",
            name="S",
            expiry=secrets_pb2.Expiry(span=Duration(seconds=60 * 86400)),
        ),
    )
    yield secrets("ListDueSecrets", lambda _: secrets_pb2.ListDueSecretsRequest(kind=secrets_pb2.DUE_KIND_EXPIRY))
    yield set_secrets(T="1", stage=True)
    yield secrets(
        "DiscardStaged", lambda _: secrets_pb2.DiscardStagedRequest(request_id=random_id(), app="web", names=["T"])
    )


def _releases() -> Iterator[Step]:
    yield releaser("CreateRelease", lambda _: releaser_pb2.CreateReleaseRequest(request_id=random_id(), app="web"))
    yield set_vars(B="1", stage=True)
    yield set_secrets(T="1", stage=True)
    yield update_app(seconds=50, stage=True)
    yield releaser(
        "CreateRelease",
        lambda _: releaser_pb2.CreateReleaseRequest(request_id=random_id(), app="web"),
        way="allowed: what is staged",
    )
    yield releaser(
        "Rollback",
        lambda known: releaser_pb2.RollbackRequest(request_id=random_id(), app="web", number=known.release),
    )
    yield releaser("ListReleases", lambda _: releaser_pb2.ListReleasesRequest(app="web"))
    yield releaser("GetRelease", lambda _: releaser_pb2.GetReleaseRequest(app="web", number=1))
    yield releaser("WatchRelease", lambda _: releaser_pb2.WatchReleaseRequest(app="web", number=1))
    yield releaser("ReadLogs", lambda _: releaser_pb2.ReadLogsRequest(app="web"))
    yield releaser("ListInstances", lambda _: releaser_pb2.ListInstancesRequest(app="web"))


def _tokens_and_trusts() -> Iterator[Step]:
    yield tokens("WhoAmI", lambda _: tokens_pb2.WhoAmIRequest())
    yield tokens("FindTokens", lambda known: tokens_pb2.FindTokensRequest(tokens=[known.ids["github-ci"]]))
    yield tokens("ListTokens", lambda _: tokens_pb2.ListTokensRequest())
    yield make_token("leaky")
    yield check()
    yield tokens("ReportToken", lambda known: tokens_pb2.ReportTokenRequest(secret=known.texts["leaky"]))
    yield end_sessions(by=PERSON)
    yield end_sessions(way="denied: to a token", refused=True)
    yield end_sessions("", way="allowed: of oneself")
    # What comes of it is written within seconds, and looked for at the end.
    yield check(way=ENDED)
    yield make_token("deploy")
    yield tokens("RotateToken", lambda _: tokens_pb2.RotateTokenRequest(request_id=random_id(), token="deploy"))
    yield tokens("RevokeToken", lambda _: tokens_pb2.RevokeTokenRequest(token="deploy"))
    yield make_token("found")
    yield Step(
        path="/paas.leaks.v1.LeaksInternalService/ReportLeaks",
        request=lambda known: leaks_pb2.ReportLeaksRequest(
            body=httpbody_pb2.HttpBody(
                content_type="application/json", data=known.house.github.report(known.texts["found"])
            )
        ),
        by="gateway",
        metadata=lambda known, request: list(known.house.github.signed(request.body.data).items()),
    )
    yield tokens_internal("GetSigningKeys", lambda _: tokens_pb2.GetSigningKeysRequest(), by="config")
    yield tokens_internal("FindEndedTokens", lambda _: tokens_pb2.FindEndedTokensRequest(), by="audit")
    yield make_trust(by=PERSON)
    yield make_trust(way="denied: to a token", refused=True)
    yield trusts("ListTrusts", lambda _: tokens_pb2.ListTrustsRequest())
    yield trusts("TestTrust", lambda known: tokens_pb2.TestTrustRequest(trust="jobs", subject_token=known.job()))
    yield exchange(lambda known: known.job())
    yield exchange(lambda known: f"{known.job()[:-8]}AAAAAAAA", way="refused: by a trust", refused=True)
    yield trusts("DeleteTrust", lambda _: tokens_pb2.DeleteTrustRequest(trust="jobs"))


def _the_log() -> Iterator[Step]:
    yield Step(
        path="/paas.audit.v1.AuditInternalService/AppendEvents",
        request=lambda known: audit_pb2.AppendEventsRequest(events=[event_of(known)]),
        by="config",
    )
    yield audit("ListEvents", lambda _: audit_pb2.ListEventsRequest())
    yield audit("FollowEvents", lambda _: audit_pb2.FollowEventsRequest(after_sequence=1))
    yield audit("SummarizeEvents", lambda _: audit_pb2.SummarizeEventsRequest(actions=["config.set"], app="web"))
    yield audit("GetLog", lambda _: audit_pb2.GetLogRequest())
    yield audit("ReadLogFile", lambda _: audit_pb2.ReadLogFileRequest(path="checkpoint"))
    yield audit("GetReceipt", lambda known: audit_pb2.GetReceiptRequest(event_id=known.event_id))


def _operating() -> Iterator[Step]:
    yield operations("GetOutbox", lambda _: operations_pb2.GetOutboxRequest(), by="operator")
    yield operations(
        "GiveBackParked", lambda _: operations_pb2.GiveBackParkedRequest(destination="audit"), by="operator"
    )
    for method in ("Check", "Watch"):
        yield Step(
            path=f"/grpc.health.v1.Health/{method}", request=lambda _: health_pb2.HealthCheckRequest(), by="operator"
        )
    yield Step(
        path="/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request=lambda _: reflection_pb2.ServerReflectionRequest(list_services=""),
        by="operator",
    )


def _end() -> Iterator[Step]:
    yield keys("GetKeys", lambda _: secrets_pb2.GetKeysRequest())
    yield keys("RotateKeys", lambda _: secrets_pb2.RotateKeysRequest(request_id=random_id()))
    yield config("DestroyApp", lambda _: config_pb2.DestroyAppRequest(request_id=random_id(), app="web"))
    yield releaser_internal("RemoveApp", of_app(releaser_pb2.RemoveAppRequest), by="config")
    yield secrets_internal("PurgeApp", of_app(secrets_pb2.PurgeAppRequest), by="config")
    yield keys("ShredKeys", lambda _: secrets_pb2.ShredKeysRequest(request_id=random_id(), confirm=TENANT))
