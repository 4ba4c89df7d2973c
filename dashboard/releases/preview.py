"""What a rollback would change, by name. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from paas.releaser.v1.releaser_pb2 import RollbackResponse

from dashboard.staged.listed import action_word


@dataclass(frozen=True, kw_only=True)
class Change:
    """One name."""

    name: str
    action: str
    is_secret: bool


@dataclass(frozen=True, kw_only=True)
class Preview:
    """All of it. `hidden` is how many secrets more there are that are not told."""

    changes: Sequence[Change]
    hidden: int
    spec_changed: bool

    @property
    def changes_nothing(self) -> bool:
        """Whether the app would run as it does, started anew."""
        return not (self.changes or self.hidden or self.spec_changed)


def preview(without_secrets: RollbackResponse, whole: RollbackResponse) -> Preview:
    """What `whole` would change. Which names are secrets is told by what is the same without them."""
    config = {change.name for change in without_secrets.changes}
    changes = [
        Change(name=each.name, action=action_word(each.action), is_secret=each.name not in config)
        for each in sorted(whole.changes, key=lambda change: change.name)
    ]
    return Preview(changes=changes, hidden=whole.hidden_changes, spec_changed=whole.spec_changed)
