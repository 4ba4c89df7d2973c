"""Two apps' variables beside each other, and what is taken over.

Leaves out the page (tests/e2e) and what becomes of what is pending (test_changes.py).
"""

from collections.abc import Mapping, Sequence

from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from dashboard.calls.apps import Variables
from dashboard.variables.changes import SET, Wanted
from dashboard.variables.comparison import differences, hidden_kinds, taken


def app(
    config: Mapping[str, str] | None, secrets: Sequence[str] | None = (), *, managed: Sequence[str] = ()
) -> Variables:
    """An app with these; None where they are not seen."""
    plain = [config_pb2.Var(name=name, value=value) for name, value in (config or {}).items()]
    kept = [config_pb2.Var(name=name, kind=config_pb2.VAR_KIND_MANAGED, addon="postgres") for name in managed]
    return Variables(
        config=None if config is None else [*plain, *kept],
        staged_config=[config_pb2.StagedVar(name="STAGED", action=config_pb2.ACTION_ADDED, value="x")],
        secrets=None if secrets is None else [secrets_pb2.Secret(name=name) for name in secrets],
        staged_secrets=(),
        etag="",
    )


HERE = app({"SAME": "1", "DIFFERS": "1", "MINE": "1", "PLAIN": "p"}, ["KEY", "MINE_KEY", "SEALED"], managed=["DB"])
THERE = app({"SAME": "1", "DIFFERS": "2", "THEIRS": "2", "SEALED": "s"}, ["KEY", "THEIR_KEY", "PLAIN"], managed=["DB"])


def test_what_differs_comes_before_what_one_has_alone() -> None:
    found, same = differences(HERE, THERE)
    assert [(each.name, each.what, each.can_be_taken) for each in found] == [
        ("DIFFERS", "differs", True),
        ("PLAIN", "another kind", False),
        # Plain there, sealed here: what is sealed is not made plain by taking it over.
        ("SEALED", "another kind", False),
        ("THEIRS", "only there", True),
        ("THEIR_KEY", "only there", False),
        ("MINE", "only here", False),
        ("MINE_KEY", "only here", False),
    ]
    # SAME, KEY by its name, and DB, of which each has its own.
    assert same == 3


def test_only_what_is_chosen_and_can_be_is_taken() -> None:
    found, _ = differences(HERE, THERE)
    assert taken(found, {"DIFFERS", "THEIR_KEY", "SEALED", "MINE", "SAME", "ABSENT"}) == [
        Wanted(name="DIFFERS", action=SET, kind="config", value="2")
    ]


def test_what_is_not_seen_is_told() -> None:
    assert hidden_kinds(HERE, THERE) == []
    assert hidden_kinds(HERE, app(None)) == ["config vars"]
    assert hidden_kinds(app({}, None), app(None)) == ["config vars", "secrets"]
