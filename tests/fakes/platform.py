"""The platform behind the fake gateway: apps, variables, secrets, releases, tokens and events in dictionaries.

Dumb on purpose: every release succeeds unless a test says otherwise, and every signed-in caller may do everything.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from paas.audit.v1 import audit_pb2
from paas.config.v1 import config_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2
from tests.fakes.gateway import TOKEN, Fault, Gateway

NOW = Timestamp(seconds=1778247720)  # 2026-05-08T13:42:00Z
NINETY_DAYS = 90 * 86400


@dataclass
class App:
    """One app's state. `fate` is how its releases end, `managed` maps names to display forms."""

    spec: config_pb2.AppSpec
    vars: dict[str, str] = field(default_factory=dict)
    managed: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    releases: dict[int, releaser_pb2.Release] = field(default_factory=dict)
    version: int = 1


class Platform:
    """Everything a test wants to look at or arrange."""

    def __init__(self) -> None:
        self.apps = {"web": App(config_pb2.AppSpec(command=["python", "server.py"], instances=2))}
        self.tokens: dict[str, tokens_pb2.Token] = {}
        self.events: list[audit_pb2.Event] = []
        self.releaser_is_up = True
        self.done: dict[str, Any] = {}
        self.more_events = threading.Event()
        self.gateway = Gateway()
        for service in (self._config, self._secrets, self._releaser, self._tokens, self._audit):
            service()

    def app(self, name: str) -> App:
        """An app, or the answer for one that is not there."""
        if name not in self.apps:
            raise Fault(5, f"There is no app {name}; `paas apps:list` lists yours.", reason="APP_NOT_FOUND")
        return self.apps[name]

    def release(self, name: str, what: str) -> releaser_pb2.Release:
        """A queued release."""
        app = self.app(name)
        number = max(app.releases, default=0) + 1
        app.releases[number] = releaser_pb2.Release(
            number=number,
            state=releaser_pb2.STATE_QUEUED,
            description=what,
            actor="user:ada@example.com",
            created_at=NOW,
            instances_total=app.spec.instances,
        )
        return app.releases[number]

    def end(self, release: releaser_pb2.Release) -> Iterator[releaser_pb2.Release]:
        """The states a release goes through; a test replaces this for another fate."""
        yield release
        for ready in range(release.instances_total + 1):
            release.state = releaser_pb2.STATE_RUNNING
            release.instances_ready = ready
            yield release
        release.state = releaser_pb2.STATE_SUCCEEDED
        yield release

    def record(self, action: str, app: str = "", *targets: str) -> None:
        """An audit event."""
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
                outcome=audit_pb2.OUTCOME_OK,
                service=action.partition(".")[0],
            )
        )

    def _change(self, request: Any, held: dict[str, str], new: dict[str, str], *, gone: list[str], verb: str) -> Any:
        """Apply a change once per request id, and release it."""
        if request.request_id in self.done:
            return self.done[request.request_id]
        app = self.app(request.app)
        change = config_pb2.Change(version=app.version, release_status=config_pb2.RELEASE_STATUS_NONE)
        for name, value in new.items():
            if name not in held:
                change.changes.add(name=name, action=config_pb2.ACTION_ADDED)
            elif held[name] != value:
                change.changes.add(name=name, action=config_pb2.ACTION_CHANGED)
        for name in gone:
            change.changes.add(name=name, action=config_pb2.ACTION_REMOVED)
        if change.changes and not getattr(request, "validate_only", False):
            held.update(new)
            for name in gone:
                del held[name]
            app.version += 1
            change.version, change.change_id = app.version, request.request_id
            what = f"{verb} {', '.join(item.name for item in change.changes)}"
            if request.stage:
                change.release_status = config_pb2.RELEASE_STATUS_STAGED
            elif not self.releaser_is_up:
                change.release_status = config_pb2.RELEASE_STATUS_PENDING
            else:
                change.release_status = config_pb2.RELEASE_STATUS_QUEUED
                change.release = self.release(request.app, what).number
            self.done[request.request_id] = change
        return change

    @staticmethod
    def _gone(names: Any, held: dict[str, str], *, ignore_missing: bool) -> list[str]:
        missing = [name for name in names if name not in held]
        if missing and not ignore_missing:
            raise Fault(5, f"{', '.join(missing)} is not set; --ignore-missing passes over it.", reason="NAME_NOT_SET")
        return [name for name in names if name in held]

    def _config(self) -> None:
        p = config_pb2

        def shown(name: str) -> config_pb2.App:
            app = self.app(name)
            return p.App(app_id=f"id-{name}", name=name, spec=app.spec, version=app.version, created_at=NOW, etag="e1")

        def create(request: Any) -> Any:
            if request.app in self.apps:
                raise Fault(6, f"There is an app {request.app} already; choose another name.", reason="APP_EXISTS")
            self.apps[request.app] = App(request.spec)
            change = p.Change(change_id=request.request_id, version=1, release_status=p.RELEASE_STATUS_NONE)
            if request.spec.command or request.spec.image:
                change.release_status = p.RELEASE_STATUS_QUEUED
                change.release = self.release(request.app, "Created").number
            return p.CreateAppResponse(app=shown(request.app), change=change)

        def update(request: Any) -> Any:
            app = self.app(request.app)
            if app.spec == request.spec:
                return p.UpdateAppResponse(change=p.Change(release_status=p.RELEASE_STATUS_NONE))
            app.spec.CopyFrom(request.spec)
            number = self.release(request.app, "Updated").number
            change = p.Change(change_id=request.request_id, release_status=p.RELEASE_STATUS_QUEUED, release=number)
            return p.UpdateAppResponse(app=shown(request.app), change=change)

        def destroy(request: Any) -> Any:
            self.app(request.app)
            del self.apps[request.app]
            return p.DestroyAppResponse()

        def list_vars(request: Any) -> Any:
            app = self.app(request.app)
            found = [p.Var(name=n, value=v, kind=p.VAR_KIND_CONFIG) for n, v in app.vars.items()]
            found += [p.Var(name=n, value=v, kind=p.VAR_KIND_MANAGED, addon="db") for n, v in app.managed.items()]
            start = int(request.page_token or 0)  # small pages, so that paging is always tried
            token = str(start + 3) if len(found) > start + 3 else ""
            return p.ListVarsResponse(vars=found[start : start + 3], next_page_token=token, version=app.version)

        def set_vars(request: Any) -> Any:
            app = self.app(request.app)
            for item in request.vars:
                if item.name in app.managed:
                    raise Fault(9, f"{item.name} is managed by the add-on db.", reason="NAME_IS_MANAGED")
            new = {item.name: item.value for item in request.vars}
            return p.SetVarsResponse(change=self._change(request, app.vars, new, gone=[], verb="Set"))

        def unset_vars(request: Any) -> Any:
            app = self.app(request.app)
            gone = self._gone(request.names, app.vars, ignore_missing=request.ignore_missing)
            return p.UnsetVarsResponse(change=self._change(request, app.vars, {}, gone=gone, verb="Unset"))

        base = "/paas.config.v1.ConfigService/"
        route = self.gateway.route
        route(base + "ListApps", p.ListAppsRequest, lambda _: p.ListAppsResponse(apps=map(shown, sorted(self.apps))))
        route(base + "GetApp", p.GetAppRequest, lambda request: p.GetAppResponse(app=shown(request.app)))
        route(base + "CreateApp", p.CreateAppRequest, create)
        route(base + "UpdateApp", p.UpdateAppRequest, update)
        route(base + "DestroyApp", p.DestroyAppRequest, destroy)
        route(base + "ListVars", p.ListVarsRequest, list_vars)
        route(base + "SetVars", p.SetVarsRequest, set_vars)
        route(base + "UnsetVars", p.UnsetVarsRequest, unset_vars)

    def _secrets(self) -> None:
        p = secrets_pb2

        def list_secrets(request: Any) -> Any:
            names = self.app(request.app).secrets
            return p.ListSecretsResponse(secrets=[p.Secret(name=n, version=1, updated_at=NOW) for n in names])

        def set_secrets(request: Any) -> Any:
            app = self.app(request.app)
            new = {item.name: item.value for item in request.secrets}
            self.record("secrets.set", request.app, *new)
            return p.SetSecretsResponse(change=self._change(request, app.secrets, new, gone=[], verb="Set"))

        def reveal(request: Any) -> Any:
            app = self.app(request.app)
            self._gone([request.name], app.secrets, ignore_missing=False)
            self.record("secrets.get", request.app, request.name)
            return p.RevealSecretResponse(value=app.secrets[request.name])

        def rotate(request: Any) -> Any:
            app = self.app(request.app)
            self._gone([request.name], app.secrets, ignore_missing=False)
            fresh = request.value if request.WhichOneof("source") == "value" else f"random-{request.random.format}"
            change = self._change(request, app.secrets, {request.name: fresh}, gone=[], verb="Rotated")
            return p.RotateSecretResponse(change=change)

        def unset(request: Any) -> Any:
            app = self.app(request.app)
            gone = self._gone(request.names, app.secrets, ignore_missing=request.ignore_missing)
            return p.UnsetSecretsResponse(change=self._change(request, app.secrets, {}, gone=gone, verb="Unset"))

        base = "/paas.secrets.v1.SecretsService/"
        self.gateway.route(base + "ListSecrets", p.ListSecretsRequest, list_secrets)
        self.gateway.route(base + "SetSecrets", p.SetSecretsRequest, set_secrets)
        self.gateway.route(base + "RevealSecret", p.RevealSecretRequest, reveal)
        self.gateway.route(base + "RotateSecret", p.RotateSecretRequest, rotate)
        self.gateway.route(base + "UnsetSecrets", p.UnsetSecretsRequest, unset)

    def _releaser(self) -> None:
        p = releaser_pb2

        def found(request: Any) -> releaser_pb2.Release:
            releases = self.app(request.app).releases
            if request.number not in releases:
                raise Fault(5, f"There is no release v{request.number}.", reason="RELEASE_NOT_FOUND")
            return releases[request.number]

        def watch(request: Any) -> Any:
            release = found(request)
            return (p.WatchReleaseResponse(release=state) for state in self.end(release))

        def instances(request: Any) -> Any:
            app = self.app(request.app)
            state = [
                p.Instance(index=i + 1, release=1, port=9000 + i, state="ready", started_at=NOW)
                for i in range(app.spec.instances)
            ]
            return p.ListInstancesResponse(instances=state)

        def rollback(request: Any) -> Any:
            found(request)
            changes = [config_pb2.NameChange(name="LOG_LEVEL", action=config_pb2.ACTION_CHANGED)]
            if request.validate_only:
                return p.RollbackResponse(changes=changes)
            release = self.release(request.app, f"Rolled back to v{request.number}")
            release.source_release = request.number
            return p.RollbackResponse(release=release, changes=changes)

        base = "/paas.releaser.v1.ReleaserService/"
        route = self.gateway.route
        route(
            base + "ListReleases",
            p.ListReleasesRequest,
            lambda r: p.ListReleasesResponse(releases=list(self.app(r.app).releases.values())[::-1]),
        )
        route(base + "GetRelease", p.GetReleaseRequest, lambda r: p.GetReleaseResponse(release=found(r)))
        route(base + "WatchRelease", p.WatchReleaseRequest, watch)
        route(
            base + "CreateRelease",
            p.CreateReleaseRequest,
            lambda r: p.CreateReleaseResponse(release=self.release(r.app, "Restarted")),
        )
        route(base + "Rollback", p.RollbackRequest, rollback)
        route(base + "ListInstances", p.ListInstancesRequest, instances)

    def _tokens(self) -> None:
        p = tokens_pb2

        def create(request: Any) -> Any:
            expires = Timestamp(seconds=NOW.seconds + (request.ttl.seconds or 30 * 86400))
            token = p.Token(
                token_id=f"t{len(self.tokens) + 1}",
                name=request.name,
                permissions=request.permissions or ["apps.read", "config.read"],
                apps=request.apps,
                created_at=NOW,
                expires_at=expires,
                creator="user:ada@example.com",
            )
            self.tokens[request.name] = token
            secret = f"paas_pat_{'N' * 35}{len(self.tokens)}"
            self.gateway.tokens.add(secret)
            self.record("tokens.create", "", request.name)
            return p.CreateTokenResponse(token=token, secret=secret)

        def revoke(request: Any) -> Any:
            if request.token not in self.tokens:
                raise Fault(5, f"There is no token {request.token}.", reason="TOKEN_NOT_FOUND")
            return p.RevokeTokenResponse(token=self.tokens.pop(request.token), descendants=2)

        def who(_: Any) -> Any:
            return p.WhoAmIResponse(
                tenant="acme", subject="user:ada@example.com", kind="user", permissions=["apps.read"], expires_at=NOW
            )

        base = "/paas.tokens.v1.TokensService/"
        self.gateway.route(base + "WhoAmI", p.WhoAmIRequest, who)
        self.gateway.route(base + "CreateToken", p.CreateTokenRequest, create)
        self.gateway.route(
            base + "ListTokens", p.ListTokensRequest, lambda _: p.ListTokensResponse(tokens=list(self.tokens.values()))
        )
        self.gateway.route(base + "RevokeToken", p.RevokeTokenRequest, revoke)

    def _audit(self) -> None:
        p = audit_pb2

        def matching(request: Any) -> list[audit_pb2.Event]:
            return [
                event
                for event in self.events
                if request.app in ("", event.app) and getattr(request, "action", "") in ("", event.action)
            ]

        def list_events(request: Any) -> Any:
            newest_first = matching(request)[::-1]
            start = int(request.page_token or 0)
            end = start + min(request.page_size or 50, 2)
            token = str(end) if end < len(newest_first) else ""
            return p.ListEventsResponse(events=newest_first[start:end], next_page_token=token)

        def follow(request: Any) -> Any:
            self.more_events.wait(5)
            return (
                p.FollowEventsResponse(event=event)
                for event in matching(request)
                if event.sequence > request.after_sequence
            )

        base = "/paas.audit.v1.AuditService/"
        self.gateway.route(base + "ListEvents", p.ListEventsRequest, list_events)
        self.gateway.route(base + "FollowEvents", p.FollowEventsRequest, follow)


def main() -> None:
    """Serve until Ctrl-C: `python -m tests.fakes.platform`, for looking at the command line by hand."""
    platform = Platform()
    platform.apps["web"].vars |= {"NODE_ENV": "production", "LOG_LEVEL": "info"}
    platform.apps["web"].managed["DATABASE_URL"] = "postgres://..."
    platform.gateway.start()
    print(f"export PAAS_GATEWAY={platform.gateway.address} PAAS_TOKEN={TOKEN}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
