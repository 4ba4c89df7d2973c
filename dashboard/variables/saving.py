"""Saving several changes of an app, of config vars and of secrets, as one release or none."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from paas.config.v1 import config_pb2, config_pb2_grpc
from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc
from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from dashboard.calls.caller import Caller
from dashboard.calls.refusals import Refusal
from dashboard.variables.changes import SET, Verdict, Wanted
from dashboard.variables.table import SECRET

_STAGED: Final = config_pb2.RELEASE_STATUS_STAGED


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it: the number of the release, None where none was made."""

    release: int | None


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What is to be saved, by the call that does it.

    With one call it is one release by itself. With several each goes into the app's draft, which is then released: so
    it is one rollout, and who watches sees no state between.
    """

    app: str
    stage: bool
    request_id: str
    etag: str
    set_config: Sequence[Wanted] = field(default=())
    unset_config: Sequence[Wanted] = field(default=())
    set_secrets: Sequence[Wanted] = field(default=())
    unset_secrets: Sequence[Wanted] = field(default=())

    @classmethod
    def of(cls, verdicts: Sequence[Verdict], *, app: str, stage: bool, request_id: str, etag: str) -> "Saving":
        """What counts of the verdicts."""

        def those(*, secret: bool, sets: bool) -> list[Wanted]:
            return [
                each.wanted
                for each in verdicts
                if each.counts and (each.kind == SECRET) is secret and (each.wanted.action == SET) is sets
            ]

        return cls(
            app=app,
            stage=stage,
            request_id=request_id,
            etag=etag,
            set_config=those(secret=False, sets=True),
            unset_config=those(secret=False, sets=False),
            set_secrets=those(secret=True, sets=True),
            unset_secrets=those(secret=True, sets=False),
        )

    @property
    def groups(self) -> int:
        """How many calls it takes."""
        return sum(map(bool, (self.set_config, self.unset_config, self.set_secrets, self.unset_secrets)))

    def part(self, name: str) -> str:
        """The request id of one of its calls: the same form sent twice has one effect."""
        return hashlib.sha256(f"{self.request_id} {name}".encode()).hexdigest()[:32]

    def problems(self, refusal: Refusal) -> dict[str, str]:
        """What a refusal says of single names. Its fields are paths like `vars[3].value`."""
        found: dict[str, str] = {}
        lists = {"vars": self.set_config, "secrets": self.set_secrets}
        for path, problem in refusal.fields.items():
            head, _, rest = path.partition("[")
            index = rest.partition("]")[0]
            rows = lists.get(head, ())
            if index.isdecimal() and int(index) < len(rows):
                found[rows[int(index)].name] = problem
        return found


async def outcome_of(caller: Caller, saving: Saving) -> Outcome:
    """Save it. Raises Refusal; what several calls were to save is tried first, so that none of it is left half."""
    if saving.groups > 1:
        await _all(caller, saving, stage=True, validate_only=True)
    several = saving.groups > 1
    changes = await _all(caller, saving, stage=saving.stage or several, validate_only=False)
    if saving.stage or not changes:
        return Outcome(release=None)
    if not several:
        change = changes[0]
        return Outcome(release=change.release if change.HasField("release") else None)
    stub = releaser_pb2_grpc.ReleaserServiceStub(caller.channel)
    request = releaser_pb2.CreateReleaseRequest(request_id=saving.part("release"), app=saving.app)
    return Outcome(release=(await caller.call(stub.CreateRelease, request)).release.number)


async def _all(caller: Caller, saving: Saving, *, stage: bool, validate_only: bool) -> list[config_pb2.Change]:
    config = config_pb2_grpc.ConfigServiceStub(caller.channel)
    secrets = secrets_pb2_grpc.SecretsServiceStub(caller.channel)
    app, changes = saving.app, list[config_pb2.Change]()
    if saving.set_config:
        set_vars = config_pb2.SetVarsRequest(
            request_id=saving.part("set config"),
            app=app,
            vars=[config_pb2.Assignment(name=each.name, value=each.value) for each in saving.set_config],
            stage=stage,
            validate_only=validate_only,
            etag=saving.etag,
        )
        changes.append((await caller.call(config.SetVars, set_vars)).change)
    if saving.unset_config:
        unset_vars = config_pb2.UnsetVarsRequest(
            request_id=saving.part("unset config"),
            app=app,
            names=[each.name for each in saving.unset_config],
            stage=stage,
            validate_only=validate_only,
            # What was set just before is in the draft by now, and there is another etag.
            etag="" if changes and not validate_only else saving.etag,
        )
        changes.append((await caller.call(config.UnsetVars, unset_vars)).change)
    if saving.set_secrets:
        set_secrets = secrets_pb2.SetSecretsRequest(
            request_id=saving.part("set secrets"),
            app=app,
            secrets=[secrets_pb2.SecretAssignment(name=each.name, value=each.value) for each in saving.set_secrets],
            stage=stage,
            validate_only=validate_only,
        )
        changes.append((await caller.call(secrets.SetSecrets, set_secrets)).change)
    if saving.unset_secrets:
        unset_secrets = secrets_pb2.UnsetSecretsRequest(
            request_id=saving.part("unset secrets"),
            app=app,
            names=[each.name for each in saving.unset_secrets],
            stage=stage,
            validate_only=validate_only,
        )
        changes.append((await caller.call(secrets.UnsetSecrets, unset_secrets)).change)
    return changes
