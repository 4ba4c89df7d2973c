"""What releaser asks of config and secrets, and what they answer. `neighbours` has it over gRPC."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from paaskit.access import AppRef
from paaskit.changes import NameChange
from paaskit.release_order import ReleasedChange
from services.releaser.domain import AppKey, DesiredState, SealedValues


@dataclass(frozen=True, kw_only=True)
class Restore:
    """A wish to make an old version current again, once per `request_id`, for the release of `change_id`.

    With `skip_taken`, names that are something else now are passed over. With `validate_only` nothing is done, and the
    fields for the audit log are not needed.
    """

    key: AppKey
    version: int
    request_id: str = ""
    change_id: str = ""
    actor: str = ""
    description: str = ""
    skip_taken: bool = False
    validate_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Revert:
    """A wish to take back what differs between two versions, name by name, where it still stands; once per id."""

    key: AppKey
    before: int
    after: int
    request_id: str
    actor: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The newest version after a restore or a revert, what it did, the names that are something else now, and the
    shared groups that were destroyed since.
    """

    version: int
    changes: tuple[NameChange, ...] = ()
    taken: tuple[str, ...] = ()
    spec_changed: bool = False
    gone_groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is staged in one service, and the revision that has it; None where nothing is."""

    revision: int | None = None
    changes: tuple[ReleasedChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DraftOrder:
    """A wish to make a draft live, once per `request_id`; what was staged after `revision` stays staged."""

    key: AppKey
    request_id: str
    revision: int
    replace_newer: bool
    actor: str
    description: str


@dataclass(frozen=True, kw_only=True)
class DraftReleased:
    """The version that has what was staged; None where nothing changed.

    `used_up` counts what is staged no more, and is 0 where somebody else has it. `config_version` is where config knows
    the names of new secrets; None where none is new.
    """

    version: int | None
    used_up: int
    changes: tuple[ReleasedChange, ...] = ()
    config_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class GroupUse:
    """An app that has a shared group, and the names of the group that it has itself, or is about to have."""

    key: AppKey
    app: str
    own_names: frozenset[str] = frozenset()


class Config(Protocol):
    """What releaser asks of config. Every method raises Unavailable where config can't be reached."""

    async def resolve_app(self, app: AppRef) -> str:
        """Return the id of an app. Raises NotFound."""

    async def desired_state(self, key: AppKey, version: int) -> DesiredState:
        """Return the desired state at `version`."""

    async def group_uses(self, key: AppKey) -> Sequence[GroupUse]:
        """Return the apps that have a shared group now, by name. Raises NotFound."""

    async def restore(self, restore: Restore) -> Outcome:
        """Make an old version current. Raises Refused where a name is something else now."""

    async def revert(self, revert: Revert) -> Outcome:
        """Take back what a failed release changed."""

    async def draft(self, key: AppKey) -> Draft:
        """Return what is staged. Raises NotFound."""

    async def release_draft(self, order: DraftOrder) -> DraftReleased:
        """Make what is staged live. Raises Refused where it would replace something newer."""


class Secrets(Protocol):
    """What releaser asks of secrets. Every method raises Unavailable where secrets can't be reached."""

    async def resolve(
        self, key: AppKey, *, version: int, names: Sequence[str], release: int, with_ended: bool
    ) -> SealedValues:
        """Return the values of `names` at `version` (0: before any), and their previous ones where they overlap.

        With `with_ended` also where they did.
        """

    async def restore(self, restore: Restore) -> Outcome:
        """Make an old version current."""

    async def revert(self, revert: Revert) -> Outcome:
        """Take back what a failed release changed."""

    async def draft(self, key: AppKey) -> Draft:
        """Return what is staged, without values."""

    async def release_draft(self, order: DraftOrder) -> DraftReleased:
        """Make what is staged live. Raises Refused where it would replace something newer."""
