"""The one table of an app's variables, whatever their kind, with what is staged for them. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from paas.config.v1 import config_pb2

from dashboard.calls.apps import Variables, when

CONFIG, SECRET, MANAGED = "config", "secret", "managed"
_STAGED: Final = {
    config_pb2.ACTION_ADDED: "added",
    config_pb2.ACTION_CHANGED: "changed",
    config_pb2.ACTION_REMOVED: "removed",
}


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A change that waits for its release."""

    action: str
    by: str
    at: datetime
    # The staged value of a config var; empty for a secret, and for what is to be removed.
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One variable. `value` is empty for a secret, whose value no list has."""

    name: str
    kind: str
    value: str = ""
    addon: str = ""
    version: int = 0
    updated_at: datetime | None = None
    # Until when its former value is there as well, as NAME_PREVIOUS.
    previous_until: datetime | None = None
    staged: Staged | None = None

    @property
    def is_new(self) -> bool:
        """Whether it is only staged so far."""
        return self.staged is not None and self.staged.action == "added"


def rows(variables: Variables) -> list[Row]:
    """All variables by name, those that are only staged among them."""
    found: dict[str, Row] = {}
    for staged in variables.staged_config:
        change = Staged(
            action=_STAGED.get(staged.action, "changed"),
            by=staged.staged_by,
            at=when(staged.staged_at),
            value=staged.value,
        )
        found[staged.name] = Row(name=staged.name, kind=CONFIG, staged=change)
    for secret in variables.staged_secrets:
        change = Staged(action=_STAGED.get(secret.action, "changed"), by=secret.staged_by, at=when(secret.staged_at))
        found[secret.name] = Row(name=secret.name, kind=SECRET, staged=change)
    for var in variables.config or ():
        kind = MANAGED if var.kind == config_pb2.VAR_KIND_MANAGED else CONFIG
        change_of = found.get(var.name)
        found[var.name] = Row(
            name=var.name,
            kind=kind,
            value=var.value,
            addon=var.addon,
            staged=change_of.staged if change_of else None,
        )
    for held in variables.secrets or ():
        change_of = found.get(held.name)
        found[held.name] = Row(
            name=held.name,
            kind=SECRET,
            version=held.version,
            updated_at=when(held.updated_at),
            previous_until=when(held.previous_until) if held.HasField("previous_until") else None,
            staged=change_of.staged if change_of else None,
        )
    return [found[name] for name in sorted(found)]
