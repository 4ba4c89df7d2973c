"""What is begun across config and secrets: written down before the first of them is asked, so that it can be finished.

A repeat of the request goes on with what was written down, and so does a job where nobody repeats it. Every call has a
request id that follows from the intent, so config and secrets do their part once, whoever asks again.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from paaskit.access import AppRef
from paaskit.audit import Actor
from paaskit.release_order import ReleasedChange
from paaskit.requests import RequestKey, request_id_reused
from services.releaser.domain import AppKey, Kind, Versions
from services.releaser.work.orders import Order


@dataclass(frozen=True, kw_only=True)
class DraftPlan:
    """Release what was staged up to these revisions; None where nothing is staged. With neither, restart."""

    config_revision: int | None = None
    secrets_revision: int | None = None
    replace_newer: bool = False

    @property
    def is_restart(self) -> bool:
        """Whether nothing is staged."""
        return self.config_revision is None and self.secrets_revision is None


@dataclass(frozen=True, kw_only=True)
class RollbackPlan:
    """Restore config's version and, where it is given, secrets' (0: before any secret); else secrets stay."""

    config_version: int
    secrets_version: int | None = None

    @property
    def with_secrets(self) -> bool:
        """Whether secrets come back too."""
        return self.secrets_version is not None


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A release that somebody asked for. `change_id` is the key it happens once under, in all three services."""

    key: AppKey
    app: str
    change_id: str
    kind: Kind
    description: str
    actor: Actor
    request: RequestKey
    plan: DraftPlan | RollbackPlan
    source_release: int | None = None

    @property
    def action(self) -> str:
        """The audited action."""
        return "releases.rollback" if self.kind is Kind.ROLLBACK else "releases.create"

    def order(self, versions: Versions, changes: tuple[ReleasedChange, ...]) -> Order:
        """Return the order for its release, once it is known what that has and does."""
        return Order(
            key=self.key,
            app=self.app,
            change_id=self.change_id,
            actor=self.actor.name,
            description=self.description,
            versions=versions,
            changes=changes,
            kind=self.kind,
            source_release=self.source_release,
        )


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks for a release by hand, and whether they may know the names of secrets."""

    actor: Actor
    may_list_secrets: bool


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What every request for a release by hand says."""

    request_id: str
    app: AppRef
    asker: Asker


def change_id_of(what: str, key: AppKey, request: RequestKey) -> str:
    """Return the change id of a request: the same for the same request of the same credential, and no other."""
    parts = [key.tenant, key.app_id, request.subject, request.method, request.request_id]
    return f"{what}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"


def checked(begun: Intent, asked: Intent) -> Intent:
    """Return what was begun under a request id before. Raises InvalidInput where that was something else."""
    if begun.request != asked.request:
        raise request_id_reused()
    return begun


def intent_to(intent: Intent) -> dict[str, Any]:
    """Return an intent as the JSON it is kept as."""
    plan = intent.plan
    return {
        "app": intent.app,
        "kind": intent.kind.value,
        "description": intent.description,
        "source_release": intent.source_release,
        "actor": [intent.actor.name, intent.actor.credential, intent.actor.client_address],
        "maker": intent.actor.maker,
        "request": [intent.request.request_id, intent.request.method, intent.request.fingerprint],
        "draft": [plan.config_revision, plan.secrets_revision, plan.replace_newer]
        if isinstance(plan, DraftPlan)
        else None,
        "restore": [plan.config_version, plan.secrets_version] if isinstance(plan, RollbackPlan) else None,
    }


def intent_of(key: AppKey, change_id: str, kept: dict[str, Any]) -> Intent:
    """Return the intent that was kept as JSON."""
    name, credential, client_address = kept["actor"]
    request_id, method, fingerprint = kept["request"]
    plan: DraftPlan | RollbackPlan
    if kept["draft"] is not None:
        config_revision, secrets_revision, replace_newer = kept["draft"]
        plan = DraftPlan(
            config_revision=config_revision, secrets_revision=secrets_revision, replace_newer=replace_newer
        )
    else:
        config_version, secrets_version = kept["restore"]
        plan = RollbackPlan(config_version=config_version, secrets_version=secrets_version)
    return Intent(
        key=key,
        app=kept["app"],
        change_id=change_id,
        kind=Kind(kept["kind"]),
        description=kept["description"],
        actor=Actor(
            tenant=key.tenant,
            name=name,
            credential=credential,
            client_address=client_address,
            # Only users ask for releases by hand, so this is a token's id. Makers were not always kept.
            token_id=credential,
            maker=kept.get("maker", ""),
        ),
        request=RequestKey(request_id=request_id, subject=credential, method=method, fingerprint=fingerprint),
        plan=plan,
        source_release=kept["source_release"],
    )
