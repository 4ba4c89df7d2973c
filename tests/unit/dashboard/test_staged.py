"""The draft of an app as one list, and what going back would change.

Leaves out the pages (tests/e2e).
"""

from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2

from dashboard.calls.apps import Variables
from dashboard.pages.states import is_way_back
from dashboard.releases.preview import preview
from dashboard.staged.listed import staged_changes

ADDED, CHANGED, REMOVED = config_pb2.ACTION_ADDED, config_pb2.ACTION_CHANGED, config_pb2.ACTION_REMOVED


def variables() -> Variables:
    """Two config vars and a secret that are staged."""
    return Variables(
        config=[config_pb2.Var(name="LOG_LEVEL", value="info"), config_pb2.Var(name="OLD", value="gone")],
        staged_config=[
            config_pb2.StagedVar(name="OLD", action=REMOVED, staged_by="user:ada"),
            config_pb2.StagedVar(name="LOG_LEVEL", action=CHANGED, value="debug", replaces_newer=True),
        ],
        secrets=[],
        staged_secrets=[secrets_pb2.StagedSecret(name="API_KEY", action=ADDED, staged_by="user:bob")],
        etag="e",
    )


def test_all_that_is_staged_by_name() -> None:
    found = staged_changes(variables(), config_pb2.GetAppResponse())
    assert [(each.item, each.action, each.before, each.after, each.replaces_newer) for each in found] == [
        ("secret:API_KEY", "added", "", "", False),
        ("config:LOG_LEVEL", "changed", "info", "debug", True),
        ("config:OLD", "removed", "gone", "", False),
    ]


def test_of_the_spec_only_what_changes_comes_first() -> None:
    app = config_pb2.GetAppResponse()
    app.app.spec.instances, app.app.spec.image = 2, "registry/app:1"
    app.staged_spec.spec.instances, app.staged_spec.spec.image = 3, "registry/app:1"
    first = staged_changes(variables(), app)[0]
    assert (first.kind, first.item, first.facts) == ("spec", "spec:", [("instances", "2", "3")])


def test_a_rollback_tells_secrets_by_what_is_not_there_without_them() -> None:
    without = releaser_pb2.RollbackResponse(changes=[config_pb2.NameChange(name="B", action=CHANGED)])
    whole = releaser_pb2.RollbackResponse(
        changes=[config_pb2.NameChange(name="B", action=CHANGED), config_pb2.NameChange(name="A", action=REMOVED)],
        hidden_changes=2,
    )
    shown = preview(without, whole)
    assert [(each.name, each.action, each.is_secret) for each in shown.changes] == [
        ("A", "removed", True),
        ("B", "changed", False),
    ]
    assert (shown.hidden, shown.changes_nothing) == (2, False)
    assert preview(releaser_pb2.RollbackResponse(), releaser_pb2.RollbackResponse()).changes_nothing
    assert not preview(without, releaser_pb2.RollbackResponse(spec_changed=True)).changes_nothing


def test_back_goes_one_to_what_was_well_and_does_not_run() -> None:
    good = releaser_pb2.Release(number=3, state=releaser_pb2.STATE_SUCCEEDED)
    failed = releaser_pb2.Release(number=4, state=releaser_pb2.STATE_FAILED)
    assert is_way_back(good, failed)
    assert not is_way_back(good, good)
    assert not is_way_back(failed, None)
