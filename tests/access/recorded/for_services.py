"""The part of the story in which services call each other."""

from collections.abc import Callable, Iterator
from typing import Any

from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2

from paaskit.clock import random_id
from tests.access.recorded.steps import (
    ADA_NAME,
    TENANT,
    Known,
    Step,
    config_internal,
    learn_draft,
    releaser_internal,
    secrets,
    secrets_internal,
    set_secrets,
    set_vars,
)


def of_app(kind: Callable[..., Any], **fields: Any) -> Callable[[Known], Any]:
    """What makes a request about the app."""
    return lambda known: kind(tenant=TENANT, app_id=known.app_id, **fields)


def _ids() -> Any:
    """What says whose change it is, and which."""
    return {"request_id": random_id(), "change_id": random_id(), "actor": ADA_NAME}


def config_for_services() -> Iterator[Step]:
    """What services and provisioners ask of config."""
    yield config_internal("ResolveApp", lambda _: config_pb2.ResolveAppRequest(tenant=TENANT, app="web"), by="secrets")
    claim = config_pb2.Claim(name="C", size=1)
    yield config_internal(
        "ClaimNames", of_app(config_pb2.ClaimNamesRequest, claims=[claim], claim_id="c1"), by="secrets"
    )
    held = config_pb2.HeldName(name="C", claim_id="c1")
    yield config_internal("ReleaseNames", of_app(config_pb2.ReleaseNamesRequest, names=[held]), by="secrets")
    yield config_internal("GetDesiredState", of_app(config_pb2.GetDesiredStateRequest, version=1), by="releaser")
    yield set_vars(A="3", learns=True)
    yield config_internal(
        "RevertChanges",
        lambda known: config_pb2.RevertChangesRequest(
            tenant=TENANT,
            app_id=known.app_id,
            from_version=known.version - 1,
            to_version=known.version,
            request_id=random_id(),
            actor=ADA_NAME,
        ),
        by="releaser",
    )
    yield config_internal(
        "RestoreVersion",
        lambda known: config_pb2.RestoreVersionRequest(
            tenant=TENANT, app_id=known.app_id, version=known.version, **_ids()
        ),
        by="releaser",
    )
    yield set_vars(B="4", stage=True)
    yield config_internal(
        "GetDraft",
        of_app(config_pb2.GetDraftRequest),
        by="releaser",
        answer=config_pb2.GetDraftResponse,
        learn=learn_draft,
    )
    yield config_internal(
        "ReleaseDraft",
        lambda known: config_pb2.ReleaseDraftRequest(
            tenant=TENANT, app_id=known.app_id, revision=known.draft, **_ids()
        ),
        by="releaser",
    )
    addon = {"tenant": TENANT, "app": "web", "addon": "pg", "name": "DATABASE_URL"}
    yield config_internal(
        "AttachManagedVar",
        lambda _: config_pb2.AttachManagedVarRequest(request_id=random_id(), value="v", display="d", **addon),
        by="provisioner",
    )
    yield config_internal(
        "DetachManagedVar",
        lambda _: config_pb2.DetachManagedVarRequest(request_id=random_id(), **addon),
        by="provisioner",
    )


def secrets_for_services() -> Iterator[Step]:
    """What services ask of secrets and the releaser."""
    yield set_secrets(S="5", learns=True)
    yield secrets_internal(
        "ResolveForRelease",
        lambda known: secrets_pb2.ResolveForReleaseRequest(
            tenant=TENANT, app_id=known.app_id, version=known.sealed, names=["S"], release=1
        ),
        by="releaser",
    )
    yield secrets_internal(
        "RevertChanges",
        lambda known: secrets_pb2.RevertChangesRequest(
            tenant=TENANT,
            app_id=known.app_id,
            from_version=known.sealed - 1,
            to_version=known.sealed,
            request_id=random_id(),
            actor=ADA_NAME,
        ),
        by="releaser",
    )
    yield secrets_internal(
        "RestoreVersion",
        lambda known: secrets_pb2.RestoreVersionRequest(
            tenant=TENANT, app_id=known.app_id, version=known.sealed, **_ids()
        ),
        by="releaser",
    )
    yield set_secrets(T="6", stage=True)
    yield secrets_internal(
        "GetDraft",
        of_app(secrets_pb2.GetDraftRequest),
        by="releaser",
        answer=secrets_pb2.GetDraftResponse,
        learn=learn_draft,
    )
    yield secrets_internal(
        "ReleaseDraft",
        lambda known: secrets_pb2.ReleaseDraftRequest(
            tenant=TENANT, app_id=known.app_id, revision=known.draft, **_ids()
        ),
        by="releaser",
    )
    yield secrets(
        "UnsetSecrets", lambda _: secrets_pb2.UnsetSecretsRequest(request_id=random_id(), app="web", names=["S"])
    )
    yield secrets_internal(
        "StoreManagedValue",
        of_app(secrets_pb2.StoreManagedValueRequest, app="web", name="REDIS_URL", value="v", attachment_id="a1"),
        by="config",
    )
    yield secrets_internal(
        "DeleteManagedValue",
        of_app(secrets_pb2.DeleteManagedValueRequest, name="REDIS_URL", attachment_id="a1"),
        by="config",
    )
    yield releaser_internal(
        "RequestReleases",
        lambda known: releaser_pb2.RequestReleasesRequest(
            orders=[
                releaser_pb2.ReleaseOrder(
                    tenant=TENANT,
                    app_id=known.app_id,
                    app="web",
                    change_id=random_id(),
                    actor=ADA_NAME,
                    description="Again",
                )
            ]
        ),
        by="config",
    )
