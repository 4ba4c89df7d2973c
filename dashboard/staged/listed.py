"""The draft of an app as one list: config vars, secrets, and what the app runs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paas.config.v1 import config_pb2

from dashboard.calls.apps import Variables, when
from paas_cli.releases import app_spec

CONFIG, SECRET, SPEC = "config", "secret", "spec"
_ACTIONS: Final[Mapping[int, str]] = {
    config_pb2.ACTION_ADDED: "added",
    config_pb2.ACTION_CHANGED: "changed",
    config_pb2.ACTION_REMOVED: "removed",
}


@dataclass(frozen=True, kw_only=True)
class StagedChange:
    """One change that waits. Of a secret neither value is here; of the spec `facts` has what changes, in words."""

    kind: str
    name: str
    action: str
    by: str
    at: datetime
    # What is live was changed after this was staged: releasing this replaces the newer one.
    replaces_newer: bool
    before: str = ""
    after: str = ""
    facts: Sequence[tuple[str, str, str]] = ()

    @property
    def item(self) -> str:
        """What forms call it."""
        return f"{self.kind}:{self.name}"


def staged_changes(variables: Variables, app: config_pb2.GetAppResponse | None) -> list[StagedChange]:
    """All that is staged, as far as it is seen: what the app runs first, then names. `app` is None of a group."""
    live = {var.name: var.value for var in variables.config or ()}
    found = [
        StagedChange(
            kind=CONFIG,
            name=each.name,
            action=action_word(each.action),
            by=each.staged_by,
            at=when(each.staged_at),
            replaces_newer=each.replaces_newer,
            before=live.get(each.name, ""),
            after=each.value,
        )
        for each in variables.staged_config
    ]
    found += [
        StagedChange(
            kind=SECRET,
            name=each.name,
            action=action_word(each.action),
            by=each.staged_by,
            at=when(each.staged_at),
            replaces_newer=each.replaces_newer,
        )
        for each in variables.staged_secrets
    ]
    return [*(_of_spec(app) if app is not None else ()), *sorted(found, key=lambda each: each.name)]


def action_word(action: int) -> str:
    """`added`, `changed` or `removed`."""
    return _ACTIONS.get(action, "changed")


def _of_spec(app: config_pb2.GetAppResponse) -> list[StagedChange]:
    if not app.HasField("staged_spec"):
        return []
    staged = app.staged_spec
    before, after = app_spec.words(app.app.spec), app_spec.words(staged.spec)
    facts = [(name, before.get(name, ""), value) for name, value in after.items() if value != before.get(name, "")]
    return [
        StagedChange(
            kind=SPEC,
            name="",
            action="changed",
            by=staged.staged_by,
            at=when(staged.staged_at),
            replaces_newer=staged.replaces_newer,
            facts=facts,
        )
    ]
