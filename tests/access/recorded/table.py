"""Which events each method leaves, allowed, denied and refused: the reviewed table. Written by hand.

*Denied* is somebody without the permission, or where there is none, without the certificate or sign-in. *Refused* is a
request that can't be met by what it asks for. Rows with more words are further ways that differ. Every method that any
server serves has the three; a method, or an event, that is not here makes tests/access/recorded red.
"""

from typing import Final

from tests.access.recorded.told import (
    ADA,
    CI,
    OPERATOR,
    PROVISIONER,
    RELEASER,
    Nothing,
    Row,
    Told,
    Who,
    for_,
    named,
)

ALLOWED: Final = "allowed"
DENIED: Final = "denied"
REFUSED: Final = "refused"

_LOOKED_AT: Final = Nothing("it tells what its caller may know, and no value")
_UNDONE: Final = Nothing("nothing was done or revealed, and nobody lacked a right")
_NO_TENANT: Final = Nothing("whoever calls is nobody of a tenant whose log it could be in; the process's log has it")
_NOBODY_SIGNED_IN: Final = Nothing("nobody is signed in, so there is nobody it could be about")
_A_PART: Final = Nothing("it is a part of what another service does, which has the event")
_OF_NO_TENANT: Final = Nothing("it is about no tenant")


def _released(user: Who) -> tuple[Told, ...]:
    """What a release leaves that somebody ordered."""
    return (
        Told("secrets.resolve", RELEASER, ("vN",)),
        Told("releases.finish", named(RELEASER, user), ("vN",)),
    )


def _read(action: str, *, app: str = "web") -> dict[str, Row]:
    """A method that only looks: what is denied is an event."""
    return {ALLOWED: _LOOKED_AT, DENIED: (Told(action, CI, app=app, outcome="denied"),), REFUSED: _UNDONE}


def _change(action: str, *told: Told, targets: tuple[str, ...] = (), app: str = "web") -> dict[str, Row]:
    """A method of users that changes something."""
    denied = Told(action, CI, targets, app=app, outcome="denied")
    return {ALLOWED: told, DENIED: (denied,), REFUSED: _UNDONE}


def _internal(row: Row) -> dict[str, Row]:
    """A method of services."""
    return {ALLOWED: row, DENIED: _NO_TENANT, REFUSED: _UNDONE}


_CONFIG: Final = "/paas.config.v1.ConfigService/"
_GROUPS: Final = "/paas.config.v1.GroupsService/"
_CONFIG_INTERNAL: Final = "/paas.config.v1.ConfigInternalService/"
_SECRETS: Final = "/paas.secrets.v1.SecretsService/"
_SECRETS_INTERNAL: Final = "/paas.secrets.v1.SecretsInternalService/"
_KEYS: Final = "/paas.secrets.v1.KeysService/"
_TOKENS: Final = "/paas.tokens.v1.TokensService/"
_TRUSTS: Final = "/paas.tokens.v1.TrustsService/"
_TOKENS_INTERNAL: Final = "/paas.tokens.v1.TokensInternalService/"
_AUDIT: Final = "/paas.audit.v1.AuditService/"
_RELEASER: Final = "/paas.releaser.v1.ReleaserService/"
_RELEASER_INTERNAL: Final = "/paas.releaser.v1.ReleaserInternalService/"
_OPERATIONS: Final = "/paas.operations.v1.OperationsInternalService/"
_HEALTH: Final = "/grpc.health.v1.Health/"

ROWS: Final[dict[str, dict[str, Row]]] = {
    f"{_CONFIG}CreateApp": _change("apps.create", Told("apps.create", CI)),
    f"{_CONFIG}UpdateApp": _change("apps.update", Told("apps.update", CI), *_released(CI))
    | {"allowed: staged": (Told("apps.stage", CI),)},
    f"{_CONFIG}GetApp": _read("apps.get"),
    f"{_CONFIG}ListApps": _read("apps.list", app=""),
    f"{_CONFIG}DestroyApp": _change("apps.destroy", Told("apps.destroy", CI)),
    f"{_CONFIG}ListVars": _read("config.list"),
    f"{_CONFIG}SetVars": _change("config.set", Told("config.set", CI, ("A",)), *_released(CI), targets=("A",))
    | {
        "allowed: staged": (Told("config.stage", CI, ("B",)),),
        "allowed: nothing differs": Nothing("nothing changes"),
        "allowed: only looked at": Nothing("nothing changes"),
    },
    f"{_CONFIG}UnsetVars": _change(
        "config.unset", Told("config.unset", CI, ("A",)), *_released(CI), targets=("COLOUR",)
    ),
    f"{_CONFIG}DiscardStaged": _change("config.discard", Told("config.discard", CI, ("B",)))
    | {"allowed: the spec": (Told("apps.discard", CI),)},
    f"{_GROUPS}CreateGroup": _change("groups.create", Told("groups.create", CI, app="shared")),
    f"{_GROUPS}GetGroup": _read("groups.get"),
    f"{_GROUPS}ListGroups": _read("groups.list", app=""),
    f"{_GROUPS}DestroyGroup": _change("groups.destroy", Told("groups.destroy", CI, app="shared")),
    f"{_GROUPS}AttachGroup": _change("groups.attach", Told("groups.attach", CI, ("shared",)), *_released(CI))
    | {"allowed: staged": (Told("apps.stage", CI, ("shared",)),)},
    f"{_GROUPS}DetachGroup": _change("groups.detach", Told("groups.detach", CI, ("shared",)), *_released(CI))
    | {"allowed: staged": (Told("apps.stage", CI, ("shared",)),)},
    f"{_SECRETS}ListSecrets": _read("secrets.list"),
    f"{_SECRETS}SetSecrets": _change("secrets.set", Told("secrets.set", CI, ("S",)), *_released(CI), targets=("A",))
    | {"allowed: staged": (Told("secrets.stage", CI, ("T",)),)},
    f"{_SECRETS}RevealSecret": _change("secrets.get", Told("secrets.get", CI, ("S",)), targets=("PASSWORD",))
    | {REFUSED: (Told("secrets.get", CI, ("PASSWORD",), app="nowhere", outcome="failed"),)},
    f"{_SECRETS}RevealSecrets": _change("secrets.get", Told("secrets.get", CI, ("S",)), targets=("PASSWORD",))
    | {REFUSED: (Told("secrets.get", CI, ("PASSWORD",), app="nowhere", outcome="failed"),)},
    f"{_SECRETS}RevealEnvironment": _change("secrets.run", Told("secrets.run", CI, ("S",)))
    | {REFUSED: (Told("secrets.run", CI, app="nowhere", outcome="failed"),)},
    f"{_SECRETS}RotateSecret": _change(
        "secrets.rotate", Told("secrets.rotate", CI, ("S",)), *_released(CI), targets=("PASSWORD",)
    ),
    f"{_SECRETS}UnsetSecrets": _change(
        "secrets.unset", Told("secrets.unset", CI, ("S",)), *_released(CI), targets=("PASSWORD",)
    ),
    f"{_SECRETS}DiscardStaged": _change("secrets.discard", Told("secrets.discard", CI, ("T",))),
    f"{_SECRETS}ExpireSecret": _change("secrets.expire", Told("secrets.expire", CI, ("S",)), targets=("PASSWORD",)),
    f"{_SECRETS}ListDueSecrets": _read("secrets.list", app=""),
    f"{_KEYS}GetKeys": _read("keys.list", app=""),
    f"{_KEYS}RotateKeys": _change("keys.rotate", Told("keys.rotate", CI, app=""), app=""),
    f"{_KEYS}ShredKeys": _change("keys.shred", Told("keys.shred", CI, app=""), app=""),
    f"{_TOKENS}WhoAmI": {ALLOWED: _LOOKED_AT, DENIED: _NOBODY_SIGNED_IN, REFUSED: _UNDONE},
    f"{_TOKENS}CreateToken": _change(
        "tokens.create", Told("tokens.create", ADA, ("github-ci",), app="", tokens=("github-ci",)), app=""
    )
    | {
        f"allowed: {name}": (Told("tokens.create", CI, (name,), app="", tokens=(name,)),)
        for name in ("leaky", "deploy", "found")
    },
    f"{_TOKENS}ListTokens": _read("tokens.list", app=""),
    f"{_TOKENS}FindTokens": _read("tokens.list", app=""),
    f"{_TOKENS}RotateToken": _change(
        "tokens.rotate",
        # The new one, and the one before.
        Told("tokens.rotate", CI, ("deploy", "deploy"), app="", tokens=("deploy", "deploy")),
        targets=("web",),
        app="",
    ),
    f"{_TOKENS}RevokeToken": _change(
        "tokens.revoke",
        Told("tokens.revoke", CI, ("deploy", "deploy"), app="", tokens=("deploy", "deploy")),
        targets=("web",),
        app="",
    ),
    f"{_TOKENS}ReportToken": {
        ALLOWED: (Told("tokens.leaked", CI, ("leaky",), app="", tokens=("leaky",)),),
        DENIED: _NOBODY_SIGNED_IN,
        REFUSED: _UNDONE,
    },
    f"{_TOKENS}EndSessions": {
        ALLOWED: (Told("sessions.end", ADA, ("bob@example.com",), app=""),),
        DENIED: _NOBODY_SIGNED_IN,
        "denied: to a token": (Told("sessions.end", CI, ("bob@example.com",), app="", outcome="denied"),),
        "allowed: of oneself": (Told("sessions.end", CI, ("pat:github-ci",), app=""),),
        REFUSED: _UNDONE,
    },
    f"{_TRUSTS}CreateTrust": _change(
        "trusts.create", Told("trusts.create", ADA, ("jobs",), app=""), targets=("jobs",), app=""
    )
    | {"denied: to a token": (Told("trusts.create", CI, ("jobs",), app="", outcome="denied"),)},
    f"{_TRUSTS}ListTrusts": _read("trusts.list", app=""),
    f"{_TRUSTS}DeleteTrust": _change(
        "trusts.delete",
        Told("trusts.delete", CI, ("jobs",), app=""),
        Told("tokens.revoke", CI, ("ci:jobs",), app="", tokens=("ci:jobs",)),
        targets=("web",),
        app="",
    ),
    f"{_TRUSTS}TestTrust": _read("trusts.test", app="")
    | {DENIED: (Told("trusts.test", CI, ("web",), app="", outcome="denied"),)},
    f"{_TRUSTS}ExchangeToken": {
        ALLOWED: (
            Told(
                "tokens.exchange",
                Who(actor="trust:jobs", token="jobs", maker=ADA.actor, on_behalf_of="a job"),
                ("ci:jobs",),
                app="",
                tokens=("ci:jobs",),
            ),
        ),
        DENIED: _NO_TENANT,
        REFUSED: Nothing("it names no trust, so there is no tenant whose log it could be in"),
        "refused: by a trust": (
            Told(
                "tokens.exchange",
                Who(actor="trust:jobs", token="jobs", maker=ADA.actor),
                ("signature",),
                app="",
                outcome="denied",
            ),
        ),
    },
    f"{_AUDIT}ListEvents": _read("audit.list"),
    f"{_AUDIT}FollowEvents": _read("audit.follow"),
    f"{_AUDIT}SummarizeEvents": _read("audit.list"),
    f"{_AUDIT}GetLog": _read("audit.log", app=""),
    f"{_AUDIT}ReadLogFile": _read("audit.log", app=""),
    f"{_AUDIT}GetReceipt": {ALLOWED: _LOOKED_AT, DENIED: _NOBODY_SIGNED_IN, REFUSED: _UNDONE},
    f"{_RELEASER}ListReleases": _read("releases.list"),
    f"{_RELEASER}GetRelease": _read("releases.get"),
    f"{_RELEASER}WatchRelease": _read("releases.watch"),
    f"{_RELEASER}CreateRelease": _change("releases.create", Told("releases.create", CI, ("vN",)), *_released(CI))
    | {
        "allowed: what is staged": (
            Told("config.release", for_(RELEASER, CI), ("B",)),
            Told("secrets.release", for_(RELEASER, CI), ("T",)),
            Told("apps.release", for_(RELEASER, CI)),
            Told("releases.create", CI, ("vN",)),
            *_released(CI),
        )
    },
    f"{_RELEASER}Rollback": _change(
        "releases.rollback",
        Told("config.restore", for_(RELEASER, CI), ("A", "B")),
        Told("releases.rollback", CI, ("vN",)),
        *_released(CI),
    ),
    f"{_RELEASER}ReadLogs": _read("releases.logs"),
    f"{_RELEASER}ListInstances": _read("apps.instances"),
    f"{_CONFIG_INTERNAL}ResolveApp": _internal(_LOOKED_AT),
    f"{_CONFIG_INTERNAL}ClaimNames": _internal(_A_PART),
    f"{_CONFIG_INTERNAL}ReleaseNames": _internal(_A_PART),
    f"{_CONFIG_INTERNAL}ListGroupUses": _internal(_A_PART),
    f"{_CONFIG_INTERNAL}CheckNamesUnused": _internal(_A_PART),
    f"{_CONFIG_INTERNAL}GetDesiredState": _internal(_A_PART),
    f"{_CONFIG_INTERNAL}RestoreVersion": _internal(
        (Told("config.restore", named(RELEASER, ADA), ("A",)), *_released(ADA))
    ),
    f"{_CONFIG_INTERNAL}RevertChanges": _internal((Told("config.revert", named(RELEASER, ADA), ("A",)),)),
    f"{_CONFIG_INTERNAL}GetDraft": _internal(_LOOKED_AT),
    f"{_CONFIG_INTERNAL}ReleaseDraft": _internal(
        (Told("config.release", named(RELEASER, ADA), ("B",)), *_released(ADA))
    ),
    f"{_CONFIG_INTERNAL}AttachManagedVar": _internal(
        (Told("addons.attach", PROVISIONER, ("DATABASE_URL",)), *_released(PROVISIONER))
    ),
    f"{_CONFIG_INTERNAL}DetachManagedVar": _internal(
        (Told("addons.detach", PROVISIONER, ("DATABASE_URL",)), *_released(PROVISIONER))
    ),
    f"{_SECRETS_INTERNAL}ResolveForRelease": _internal((Told("secrets.resolve", RELEASER, ("vN",)),)),
    f"{_SECRETS_INTERNAL}RestoreVersion": _internal(
        (Told("secrets.restore", named(RELEASER, ADA), ("S",)), *_released(ADA))
    ),
    f"{_SECRETS_INTERNAL}RevertChanges": _internal((Told("secrets.revert", named(RELEASER, ADA), ("S",)),)),
    f"{_SECRETS_INTERNAL}GetDraft": _internal(_LOOKED_AT),
    f"{_SECRETS_INTERNAL}ReleaseDraft": _internal(
        (Told("secrets.release", named(RELEASER, ADA), ("T",)), *_released(ADA))
    ),
    f"{_SECRETS_INTERNAL}StoreManagedValue": _internal(_A_PART),
    f"{_SECRETS_INTERNAL}DeleteManagedValue": _internal(_A_PART),
    f"{_SECRETS_INTERNAL}PurgeApp": _internal(_A_PART),
    f"{_TOKENS_INTERNAL}GetSigningKeys": _internal(_LOOKED_AT),
    f"{_TOKENS_INTERNAL}FindEndedTokens": _internal(_LOOKED_AT),
    f"{_TOKENS_INTERNAL}IssueSignIn": _internal(
        (Told("tokens.sign_in", named(OPERATOR, ADA), ("ada@example.com",), app="", tokens=("ada's sign-in",)),)
    ),
    "/paas.leaks.v1.LeaksInternalService/ReportLeaks": _internal(
        (
            Told(
                "tokens.leaked",
                Who(actor="service:github-secret-scanning"),
                ("found",),
                app="",
                tokens=("found",),
            ),
        )
    ),
    "/paas.audit.v1.AuditInternalService/AppendEvents": _internal((Told("config.set", ADA, ("A",)),)),
    f"{_RELEASER_INTERNAL}RequestReleases": _internal(_released(ADA)),
    f"{_RELEASER_INTERNAL}RemoveApp": _internal(_A_PART),
    f"{_OPERATIONS}GetOutbox": _internal(_OF_NO_TENANT),
    f"{_OPERATIONS}GiveBackParked": _internal(Nothing("what is sent again is what was recorded when it was written")),
    "/envoy.service.auth.v3.Authorization/Check": {
        ALLOWED: Nothing("what the token is used for has its own"),
        DENIED: _NO_TENANT,
        REFUSED: Nothing("it is nobody's token"),
        "refused: a token that ended": (
            Told(
                "tokens.use",
                Who(actor="pat:leaky", token="leaky", maker=ADA.actor),
                ("leaky",),
                app="",
                outcome="denied",
                tokens=("leaky",),
            ),
        ),
    },
    f"{_HEALTH}Check": _internal(_OF_NO_TENANT),
    f"{_HEALTH}Watch": _internal(_OF_NO_TENANT),
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _internal(_OF_NO_TENANT),
}
