"""The platform behind the fake gateway: apps, variables, secrets, releases, tokens and events in dictionaries.

Dumb on purpose: every release succeeds unless a test says otherwise, and every signed-in caller may do everything.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from tests.fakes.gateway import Fault, Gateway
from tests.fakes.platform.draft import Kind, Staged
from tests.fixtures.written_log import WrittenLog

NOW = Timestamp(seconds=1778247720)  # 2026-05-08T13:42:00Z


@dataclass
class App:
    """One app's state. `managed` maps names to display forms and `managed_values` to what these stand for.

    `staged_spec` is a staged change of what it runs. A group is an app that runs nothing.
    """

    spec: config_pb2.AppSpec
    vars: dict[str, str] = field(default_factory=dict)
    past: dict[int, dict[str, str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    terms: dict[str, dict[str, Any]] = field(default_factory=dict)  # of secrets: fields of paas.secrets.v1.Secret
    draft: dict[str, Staged] = field(default_factory=dict)
    sealed_draft: dict[str, Staged] = field(default_factory=dict)
    managed: dict[str, str] = field(default_factory=dict)
    managed_values: dict[str, str] = field(default_factory=dict)
    staged_spec: config_pb2.AppSpec | None = None
    releases: dict[int, releaser_pb2.Release] = field(default_factory=dict)
    version: int = 1
    log: list[str] = field(default_factory=list)
    is_group: bool = False
    gone_groups: list[str] = field(default_factory=list)  # that it had, and that are destroyed

    @property
    def names(self) -> set[str]:
        """All that is live."""
        return {*self.vars, *self.secrets, *self.managed}

    @property
    def etag(self) -> str:
        """Another one whenever a config var is changed or staged."""
        return repr((self.vars, self.draft))

    @property
    def config(self) -> Kind:
        """Its config vars, live and staged."""
        return Kind(self.vars, self.draft)

    @property
    def sealed(self) -> Kind:
        """Its secrets, live and staged."""
        return Kind(self.secrets, self.sealed_draft)


class Platform:
    """Everything a test wants to look at or arrange."""

    def __init__(self) -> None:
        self.apps = {"web": App(config_pb2.AppSpec(command=["python", "server.py"], instances=2))}
        self.tokens: dict[str, tokens_pb2.Token] = {}
        self.ended: list[tokens_pb2.Token] = []
        self.permissions = ["apps.read", "config.read", "releases.read", "secrets.list"]  # whoever asks
        self.trusts: dict[str, tokens_pb2.Trust] = {}
        self.events: list[audit_pb2.Event] = []
        self.log = WrittenLog()
        self.is_limited_to_apps = False  # whoever asks
        self.hidden_groups: set[str] = set()  # which whoever asks may not see
        self.hidden_apps: set[str] = set()  # the same, of the apps that have a group
        self.hidden_names = 0  # how many names of a group whoever attaches it may not list
        self.keys = secrets_pb2.Keys(
            generations=[secrets_pb2.KeyGeneration(generation=1, created_at=NOW, versions=3)],
            kms_resource="projects/p/locations/l/keyRings/paas/cryptoKeys/tenant-0f3a",
            kms_primary_version="1",
        )
        self.delivered_days = 100  # since when it is kept when values are given out
        self.releaser_is_up = True
        self.pause = 0.0  # seconds between the states of a release
        self.done: dict[str, Any] = {}
        self.more_events = threading.Event()
        self.after_pages: list[Callable[[], None]] = []  # what happens with each page of events, before the next
        self.dropped: audit_pb2.GetLogResponse | None = None  # what is said of it
        self.first_page_is_empty = False  # as where one call has looked through what it may, and found nothing yet
        self.gateway = Gateway()

    def serve(self, service: ServiceDescriptor, handlers: Mapping[str, Callable[["Platform", Any], Any]]) -> None:
        """Route each method of a service to a handler, which gets this platform and the request."""
        for method in service.methods:
            path = f"/{service.full_name}/{method.name}"
            self.gateway.route(path, GetMessageClass(method.input_type), partial(handlers[method.name], self))

    def app(self, name: str) -> App:
        """An app, or the answer for one that is not there."""
        if name not in self.apps:
            raise Fault(5, f"There is no app {name}; `paas apps:list` lists yours.", reason="APP_NOT_FOUND")
        return self.apps[name]

    def add_group(self, name: str, **variables: str) -> App:
        """A new group with config vars."""
        self.apps[name] = App(config_pb2.AppSpec(), vars=dict(variables), is_group=True)
        return self.apps[name]

    def used_by(self, group: str) -> list[str]:
        """The apps that have a group."""
        return sorted(name for name, app in self.apps.items() if group in app.spec.groups)

    def release(self, name: str, what: str, changed: Iterable[str] = ()) -> releaser_pb2.Release:
        """A queued release; a group's has a member for each app that gets one of the names `changed`."""
        app = self.app(name)
        number = max(app.releases, default=0) + 1
        app.releases[number] = releaser_pb2.Release(
            number=number,
            state=releaser_pb2.STATE_QUEUED,
            description=what,
            actor="user:ada@example.com",
            created_at=NOW,
            instances_total=app.spec.instances,
            groups=[
                releaser_pb2.GroupVersion(group=each, config_version=self.apps[each].version)
                for each in app.spec.groups
            ],
            members=[
                releaser_pb2.GroupMember(app=each, state=releaser_pb2.STATE_QUEUED)
                for each in self.used_by(name)
                if set(changed) - self.apps[each].names
            ],
        )
        return app.releases[number]

    def end(self, release: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        """The states a release goes through; a test replaces this for another fate."""
        yield release
        time.sleep(self.pause)
        if release.members:
            yield from self._fan_out(release)
            return
        total = release.instances_total
        for ready in range(total + 1):
            release.state = releaser_pb2.STATE_RUNNING
            release.instances_updated = min(ready + 1, total)
            release.instances_ready = ready
            release.instances_old = total - ready
            yield release
            time.sleep(self.pause)
        release.state = releaser_pb2.STATE_SUCCEEDED
        yield release

    def _fan_out(self, group: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        """The states of a group's release: one app first, then the others."""
        name = next(name for name, app in self.apps.items() if app.releases.get(group.number) is group)
        group.state = releaser_pb2.STATE_RUNNING
        for some in (group.members[:1], group.members[1:]):
            for member in some:
                made = self.release(member.app, f"{name} v{group.number}: {group.description}")
                member.release, member.state = made.number, releaser_pb2.STATE_RUNNING
            yield group
            time.sleep(self.pause)
            for member in some:
                member.state = self.apps[member.app].releases[member.release].state = releaser_pb2.STATE_SUCCEEDED
        group.state = releaser_pb2.STATE_SUCCEEDED
        yield group

    def record(self, action: str, app: str = "", *targets: str, reason: str = "") -> str:
        """An audit event; its id."""
        self.events.append(
            audit_pb2.Event(
                event_id=f"e{len(self.events) + 1}",
                sequence=len(self.events) + 1,
                occurred_at=NOW,
                recorded_at=NOW,
                action=action,
                actor="user:ada@example.com",
                app=app,
                targets=targets,
                reason=reason,
                outcome=audit_pb2.OUTCOME_OK,
                service=action.partition(".")[0],
                token_id="t1",
                target_tokens=[audit_pb2.TargetToken(token_id="t2")] if action.startswith("tokens.") else [],
            )
        )
        return self.events[-1].event_id

    def change(self, request: Any, kind: Kind, new: dict[str, str], *, gone: list[str], verb: str) -> Any:
        """Apply a change once per request id, and release it; or stage it."""
        if request.request_id in self.done:
            return self.done[request.request_id]
        app, held = self.app(request.app), kind.live
        change = config_pb2.Change(version=app.version, release_status=config_pb2.RELEASE_STATUS_NONE)
        for name, value in new.items():
            if name not in held:
                change.changes.add(name=name, action=config_pb2.ACTION_ADDED)
            elif held[name] != value:
                change.changes.add(name=name, action=config_pb2.ACTION_CHANGED)
        for name in gone:
            change.changes.add(name=name, action=config_pb2.ACTION_REMOVED)
        if change.changes and not getattr(request, "validate_only", False):
            change.change_id = request.request_id
            what = f"{verb} {', '.join(item.name for item in change.changes)}"
            if request.stage:
                for item in change.changes:
                    kind.stage(item.name, new.get(item.name))
                change.release_status = config_pb2.RELEASE_STATUS_STAGED
            else:
                self._make_live(request.app, kind, new, gone=gone)
                change.version = app.version
                if self.releaser_is_up:
                    change.release_status = config_pb2.RELEASE_STATUS_QUEUED
                    change.release = self.release(request.app, what, [item.name for item in change.changes]).number
                else:
                    change.release_status = config_pb2.RELEASE_STATUS_PENDING
            self.done[request.request_id] = change
        return change

    def _make_live(self, name: str, kind: Kind, new: dict[str, str], *, gone: list[str]) -> None:
        kind.live.update(new)
        for each in gone:
            del kind.live[each]
        self.app(name).version += 1

    @staticmethod
    def gone(names: Any, held: dict[str, str], *, ignore_missing: bool) -> list[str]:
        missing = [name for name in names if name not in held]
        if missing and not ignore_missing:
            raise Fault(5, f"{', '.join(missing)} is not set; --ignore-missing passes over it.", reason="NAME_NOT_SET")
        return [name for name in names if name in held]
