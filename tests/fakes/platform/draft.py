"""What is staged in the fake platform: by name a value, or none to unset, and the live value it was staged upon."""

from dataclasses import dataclass
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2

STAGED_AT = Timestamp(seconds=1778251320)  # 2026-05-08T14:42:00Z


@dataclass(frozen=True)
class Staged:
    """One staged change, and the live value it was staged upon."""

    value: str | None
    base: str | None
    by: str = "user:bob@example.com"


@dataclass(frozen=True)
class Kind:
    """Config vars or secrets: what is live, and what is staged over it."""

    live: dict[str, str]
    draft: dict[str, Staged]

    def stage(self, name: str, value: str | None) -> None:
        """Put one change into the draft."""
        self.draft[name] = Staged(value, self.live.get(name))

    def action(self, name: str) -> Any:
        """What releasing a staged change would do."""
        if self.draft[name].value is None:
            return config_pb2.ACTION_REMOVED
        return config_pb2.ACTION_CHANGED if name in self.live else config_pb2.ACTION_ADDED

    def shown(self, name: str) -> dict[str, Any]:
        """What both kinds tell of a staged change."""
        staged = self.draft[name]
        return {
            "name": name,
            "action": self.action(name),
            "staged_by": staged.by,
            "staged_at": STAGED_AT,
            "replaces_newer": self.live.get(name) != staged.base,
        }

    def discard(self, names: Any) -> list[config_pb2.NameChange]:
        """Drop those of `names` that are staged, all without any."""
        dropped = [name for name in names or list(self.draft) if name in self.draft]
        changes = [config_pb2.NameChange(name=name, action=self.action(name)) for name in dropped]
        for name in dropped:
            del self.draft[name]
        return changes

    def released(self, *, secret: bool) -> list[releaser_pb2.ReleasedChange]:
        """What releasing the draft does."""
        return [
            releaser_pb2.ReleasedChange(
                name=name,
                action=self.action(name),
                secret=secret,
                actor=staged.by,
                staged_at=STAGED_AT,
                replaces_newer=self.live.get(name) != staged.base,
            )
            for name, staged in self.draft.items()
        ]

    def go_live(self) -> None:
        """Make the draft live."""
        for name, staged in self.draft.items():
            if staged.value is None:
                self.live.pop(name, None)
            else:
                self.live[name] = staged.value
        self.draft.clear()
