"""What a request for a release by hand is answered, now and whenever it is repeated: what was queued, as it was."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from paaskit.release_order import ReleasedChange
from paaskit.requests import Answer
from services.releaser.domain import Kind, Release, State, Versions
from services.releaser.store.rows import changes_of, changes_to
from services.releaser.work.orders import Order


def answer_of(
    order: Order, number: int, versions: Versions, *, at: datetime, gone_groups: Sequence[str] = ()
) -> Answer:
    """Return what is remembered of a release that was queued."""
    return {
        "number": number,
        "kind": order.kind.value,
        "description": order.description,
        "actor": order.actor,
        "at": at.isoformat(),
        "versions": [versions.config, versions.secrets],
        "changes": changes_to(order.changes),
        "source_release": order.source_release,
        "gone_groups": list(gone_groups),
    }


def release_in(answer: Answer) -> Release:
    """Return the release that an answer says was queued."""
    config, secrets = answer["versions"]
    return Release(
        number=answer["number"],
        state=State.QUEUED,
        kind=Kind(answer["kind"]),
        description=answer["description"],
        actor=answer["actor"],
        created_at=datetime.fromisoformat(answer["at"]),
        versions=Versions(config=config, secrets=secrets),
        changes=changes_in(answer),
        source_release=answer["source_release"],
    )


def changes_in(answer: Any) -> tuple[ReleasedChange, ...]:
    """Return what an answer says the release does."""
    return changes_of(answer["changes"])


def gone_groups_in(answer: Any) -> tuple[str, ...]:
    """Return the shared groups that were passed over; of an answer from before there were any, none."""
    return tuple(answer.get("gone_groups", ()))
