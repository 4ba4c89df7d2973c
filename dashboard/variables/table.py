"""The one table of an app's variables, whatever their kind, with what is staged for them. Pure."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp
from paas.config.v1 import config_pb2
from paas.secrets.v1 import secrets_pb2

from dashboard.calls.apps import Variables, when
from dashboard.variables.carried import Carried, Carriers
from paas_cli.typed import durations

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


class Row(NamedTuple):
    """One variable. `value` is empty for a secret, whose value no list has."""

    name: str
    kind: str
    value: str = ""
    addon: str = ""
    version: int = 0
    # When it became what it is, to the second, and by whom; None and empty where nobody kept that then.
    updated_at: datetime | None = None
    updated_by: str = ""
    # What gives it to instances; None where that can't be told.
    carried: Carried | None = None
    # Until when its former value is there as well, as NAME_PREVIOUS.
    previous_until: datetime | None = None
    # Until when its value is to be replaced; how often it is to be rotated, as it is typed, and when next.
    expires_at: datetime | None = None
    rotate_every: str = ""
    rotate_at: datetime | None = None
    staged: Staged | None = None
    # The shared group that it comes from, and the one whose value the app's own wins over; empty without one.
    origin: str = ""
    wins_over: str = ""

    @property
    def shape(self) -> Hashable:
        """All that its row depends on beside its name and value; None where something is staged or former."""
        if self.staged or self.previous_until:
            return None
        shared = self.origin, self.wins_over
        changed = self.updated_at, self.updated_by
        return self.kind, not self.value, self.addon, changed, self.carried, self.expires_at, shared

    def filled(self, *, name: str, value: str) -> "Row":
        """Return it with another name and, where it has a value, another value."""
        return self._replace(name=name, value=value if self.value else "")

    @property
    def is_new(self) -> bool:
        """Whether it is only staged so far, and no group has it either."""
        return self.staged is not None and self.staged.action == "added" and not self.origin


def _to_the_second(stamp: Timestamp) -> datetime:
    """What is shown of a time. What was saved together differs by less, and is one time then."""
    return _second(stamp.seconds)


@lru_cache(maxsize=2000)
def _second(since_epoch: int) -> datetime:
    return datetime.fromtimestamp(since_epoch, UTC)


def rows(variables: Variables, carriers: Carriers | None = None) -> list[Row]:
    """All variables by name, those that are only staged among them. `carriers` is what of them runs, where asked."""
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
        change_of = found.get(var.name)
        found[var.name] = row_of_var(
            var,
            carried=carriers.of_config(var.version) if carriers else None,
            staged=change_of.staged if change_of else None,
        )
    for held in variables.secrets or ():
        change_of = found.get(held.name)
        found[held.name] = row_of_secret(
            held,
            carried=carriers.of_secret(held.version) if carriers else None,
            staged=change_of.staged if change_of else None,
        )
    return [found[name] for name in sorted(found)]


def row_of_var(
    var: config_pb2.Var, *, carried: Carried | None = None, staged: Staged | None = None, origin: str = ""
) -> Row:
    """Return the row of a config var, or of one that an add-on manages, whoever has it."""
    return Row(
        name=var.name,
        kind=MANAGED if var.kind == config_pb2.VAR_KIND_MANAGED else CONFIG,
        value=var.value,
        addon=var.addon,
        version=var.version,
        updated_at=_to_the_second(var.updated_at) if var.HasField("updated_at") else None,
        updated_by=var.updated_by,
        carried=carried,
        staged=staged,
        origin=origin,
    )


def row_of_secret(
    secret: secrets_pb2.Secret, *, carried: Carried | None = None, staged: Staged | None = None, origin: str = ""
) -> Row:
    """Return the row of a secret, whoever has it."""
    return Row(
        name=secret.name,
        kind=SECRET,
        version=secret.version,
        updated_at=_to_the_second(secret.updated_at),
        updated_by=secret.updated_by,
        previous_until=when(secret.previous_until) if secret.HasField("previous_until") else None,
        expires_at=when(secret.expires_at) if secret.HasField("expires_at") else None,
        rotate_every=durations.shown(secret.rotate_every.seconds) if secret.HasField("rotate_every") else "",
        rotate_at=when(secret.rotate_at) if secret.HasField("rotate_at") else None,
        carried=carried,
        staged=staged,
        origin=origin,
    )
