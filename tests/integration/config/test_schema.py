"""The schema of an app's variables: part of its spec in every version, draft and restoring, and left out of lists.

Leaves out what a release makes of it (tests/integration/releaser/test_admission.py).
"""

import grpc
from paas.config.v1 import config_pb2

from paaskit.clock import random_id
from tests.integration.config.conftest import House
from tests.integration.config.test_adoption import create, desired, refused, update

CANARY = "c4n4ry"
FIRST, SECOND = "# @required\nA=\n", "# @type=number\r\nA=1\n# é\n"


async def test_it_is_kept_version_by_version(house: House) -> None:
    made = await create(house, "web", config_pb2.AppSpec(image="web:1", schema=FIRST))
    changed = await update(house, config_pb2.AppSpec(image="web:1", schema=SECOND))
    assert changed.change.release_status == config_pb2.RELEASE_STATUS_QUEUED
    assert [(await desired(house, made.app.app_id, version)).schema for version in (1, 2)] == [FIRST, SECOND]
    got = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert got.app.spec.schema == SECOND
    same = await update(house, config_pb2.AppSpec(image="web:1", schema=SECOND))
    assert same.change.release_status == config_pb2.RELEASE_STATUS_NONE
    (listed,) = (await house.config.ListApps(config_pb2.ListAppsRequest(), metadata=house.me)).apps
    assert listed.spec == config_pb2.AppSpec(image="web:1"), "500 of them would be 32 MiB"
    restored = await house.internal("releaser").RestoreVersion(
        config_pb2.RestoreVersionRequest(
            tenant="acme",
            app_id=made.app.app_id,
            version=1,
            request_id=random_id(),
            change_id=random_id(),
            actor="user:ada@example.com",
            description="Back",
        )
    )
    assert restored.spec_changed
    assert (await desired(house, made.app.app_id, restored.version)).schema == FIRST


async def test_it_is_staged(house: House) -> None:
    made = await create(house, "web", config_pb2.AppSpec(schema=FIRST))
    staged = await update(house, config_pb2.AppSpec(schema=SECOND), stage=True)
    assert staged.change.release_status == config_pb2.RELEASE_STATUS_STAGED
    got = await house.config.GetApp(config_pb2.GetAppRequest(app="web"), metadata=house.me)
    assert (got.app.spec.schema, got.staged_spec.spec.schema) == (FIRST, SECOND)
    draft = await house.internal("releaser").GetDraft(config_pb2.GetDraftRequest(tenant="acme", app_id=made.app.app_id))
    assert draft.spec.spec.schema == SECOND


async def test_one_that_can_not_be_read_is_refused_with_its_lines_and_no_value(house: House) -> None:
    schema = f"# @type=number\nA={CANARY}\n# @sensitive\nB={CANARY}\n"
    error = await refused(create(house, "web", config_pb2.AppSpec(schema=schema)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Line 2 has a default for A that is not a number. Line 4 gives B a default" in (error.details() or "")
    assert CANARY not in str(error)
