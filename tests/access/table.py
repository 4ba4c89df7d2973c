"""Who may call which method: the reviewed table. Written by hand, and compared with what the servers really do.

It is deliberately not read from the protos: an option that is changed there has to be changed here as well, by
somebody who thinks about it, or the tests go red. Every method any server serves has exactly one row.
"""

from typing import Final

SIGNED_IN: Final = ""
"""Stands for a permission where any signed-in user will do."""

USERS: Final = {
    # Through the gateway, by users and tokens with this permission.
    "/paas.config.v1.ConfigService/CreateApp": "apps.write",
    "/paas.config.v1.ConfigService/UpdateApp": "apps.write",
    "/paas.config.v1.ConfigService/GetApp": "apps.read",
    "/paas.config.v1.ConfigService/ListApps": "apps.read",
    "/paas.config.v1.ConfigService/DestroyApp": "apps.write",
    "/paas.config.v1.ConfigService/ListVars": "config.read",
    "/paas.config.v1.ConfigService/SetVars": "config.write",
    "/paas.config.v1.ConfigService/UnsetVars": "config.write",
    "/paas.config.v1.ConfigService/DiscardStaged": "config.write",
    "/paas.config.v1.GroupsService/CreateGroup": "apps.write",
    "/paas.config.v1.GroupsService/GetGroup": "apps.read",
    "/paas.config.v1.GroupsService/ListGroups": "apps.read",
    "/paas.config.v1.GroupsService/DestroyGroup": "apps.write",
    "/paas.config.v1.GroupsService/AttachGroup": "apps.write",
    "/paas.config.v1.GroupsService/DetachGroup": "apps.write",
    "/paas.secrets.v1.SecretsService/ListSecrets": "secrets.list",
    "/paas.secrets.v1.SecretsService/SetSecrets": "secrets.write",
    "/paas.secrets.v1.SecretsService/RevealSecret": "secrets.reveal",
    "/paas.secrets.v1.SecretsService/RevealSecrets": "secrets.reveal",
    "/paas.secrets.v1.SecretsService/RevealEnvironment": "secrets.reveal",
    "/paas.secrets.v1.SecretsService/RotateSecret": "secrets.write",
    "/paas.secrets.v1.SecretsService/UnsetSecrets": "secrets.write",
    "/paas.secrets.v1.SecretsService/DiscardStaged": "secrets.write",
    "/paas.secrets.v1.SecretsService/ExpireSecret": "secrets.write",
    "/paas.secrets.v1.SecretsService/ListDueSecrets": "secrets.list",
    "/paas.secrets.v1.KeysService/GetKeys": "keys.manage",
    "/paas.secrets.v1.KeysService/RotateKeys": "keys.manage",
    "/paas.secrets.v1.KeysService/ShredKeys": "keys.manage",
    "/paas.tokens.v1.TokensService/WhoAmI": SIGNED_IN,
    "/paas.tokens.v1.TokensService/CreateToken": "tokens.manage",
    "/paas.tokens.v1.TokensService/ListTokens": "tokens.manage",
    "/paas.tokens.v1.TokensService/FindTokens": "tokens.manage",
    "/paas.tokens.v1.TokensService/RotateToken": "tokens.manage",
    "/paas.tokens.v1.TokensService/RevokeToken": "tokens.manage",
    "/paas.tokens.v1.TokensService/ReportToken": SIGNED_IN,
    "/paas.tokens.v1.TokensService/EndSessions": SIGNED_IN,
    "/paas.tokens.v1.TrustsService/CreateTrust": "tokens.manage",
    "/paas.tokens.v1.TrustsService/ListTrusts": "tokens.manage",
    "/paas.tokens.v1.TrustsService/DeleteTrust": "tokens.manage",
    "/paas.tokens.v1.TrustsService/TestTrust": "tokens.manage",
    "/paas.audit.v1.AuditService/ListEvents": "audit.read",
    "/paas.audit.v1.AuditService/FollowEvents": "audit.read",
    "/paas.audit.v1.AuditService/SummarizeEvents": "audit.read",
    "/paas.audit.v1.AuditService/GetLog": "audit.read",
    "/paas.audit.v1.AuditService/ReadLogFile": "audit.read",
    "/paas.audit.v1.AuditService/GetReceipt": SIGNED_IN,
    "/paas.releaser.v1.ReleaserService/ListReleases": "releases.read",
    "/paas.releaser.v1.ReleaserService/GetRelease": "releases.read",
    "/paas.releaser.v1.ReleaserService/WatchRelease": "releases.read",
    "/paas.releaser.v1.ReleaserService/CreateRelease": "releases.write",
    "/paas.releaser.v1.ReleaserService/Rollback": "releases.write",
    "/paas.releaser.v1.ReleaserService/ReadLogs": "releases.write",
    "/paas.releaser.v1.ReleaserService/ListInstances": "apps.read",
}

ANYBODY: Final = {
    # Through the gateway, without a sign-in: what proves who calls is in the request. An identity changes nothing.
    "/paas.tokens.v1.TrustsService/ExchangeToken",
}

SERVICES: Final = {
    # Over mTLS, by holders of these certificates.
    "/paas.config.v1.ConfigInternalService/ResolveApp": {"secrets", "releaser", "tokens"},
    "/paas.config.v1.ConfigInternalService/ClaimNames": {"secrets"},
    "/paas.config.v1.ConfigInternalService/ReleaseNames": {"secrets"},
    "/paas.config.v1.ConfigInternalService/ListGroupUses": {"releaser"},
    "/paas.config.v1.ConfigInternalService/CheckNamesUnused": {"secrets"},
    "/paas.config.v1.ConfigInternalService/GetDesiredState": {"releaser"},
    "/paas.config.v1.ConfigInternalService/RestoreVersion": {"releaser"},
    "/paas.config.v1.ConfigInternalService/RevertChanges": {"releaser"},
    "/paas.config.v1.ConfigInternalService/GetDraft": {"releaser"},
    "/paas.config.v1.ConfigInternalService/ReleaseDraft": {"releaser"},
    "/paas.config.v1.ConfigInternalService/AttachManagedVar": {"provisioner"},
    "/paas.config.v1.ConfigInternalService/DetachManagedVar": {"provisioner"},
    "/paas.secrets.v1.SecretsInternalService/ResolveForRelease": {"releaser"},
    "/paas.secrets.v1.SecretsInternalService/RestoreVersion": {"releaser"},
    "/paas.secrets.v1.SecretsInternalService/RevertChanges": {"releaser"},
    "/paas.secrets.v1.SecretsInternalService/GetDraft": {"releaser"},
    "/paas.secrets.v1.SecretsInternalService/ReleaseDraft": {"releaser"},
    "/paas.secrets.v1.SecretsInternalService/StoreManagedValue": {"config"},
    "/paas.secrets.v1.SecretsInternalService/DeleteManagedValue": {"config"},
    "/paas.secrets.v1.SecretsInternalService/PurgeApp": {"config"},
    "/paas.tokens.v1.TokensInternalService/GetSigningKeys": {"config", "secrets", "audit", "releaser"},
    "/paas.tokens.v1.TokensInternalService/FindEndedTokens": {"audit", "releaser"},
    "/paas.tokens.v1.TokensInternalService/IssueSignIn": {"operator"},
    "/paas.leaks.v1.LeaksInternalService/ReportLeaks": {"gateway"},
    "/paas.audit.v1.AuditInternalService/AppendEvents": {"config", "secrets", "tokens", "releaser"},
    "/paas.releaser.v1.ReleaserInternalService/RequestReleases": {"config", "secrets"},
    "/paas.releaser.v1.ReleaserInternalService/RemoveApp": {"config"},
    "/paas.operations.v1.OperationsInternalService/GetOutbox": {"operator"},
    "/paas.operations.v1.OperationsInternalService/GiveBackParked": {"operator"},
    "/envoy.service.auth.v3.Authorization/Check": {"gateway"},
}

ANY_CERTIFICATE: Final = {
    # They hold nothing: any certificate of our CA, whatever its name.
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
}

NOBODY: Final = {
    # In a contract that is not ours, and served by nobody.
    "/grpc.health.v1.Health/List",
}

ROLES: Final = {
    "viewer": {"apps.read", "config.read", "secrets.list", "releases.read"},
    "developer": {
        "apps.read",
        "apps.write",
        "config.read",
        "config.write",
        "secrets.list",
        "secrets.write",
        "secrets.reveal",
        "releases.read",
        "releases.write",
        "tokens.manage",
    },
    "admin": {
        "apps.read",
        "apps.write",
        "config.read",
        "config.write",
        "secrets.list",
        "secrets.write",
        "secrets.reveal",
        "releases.read",
        "releases.write",
        "tokens.manage",
        "audit.read",
        "keys.manage",
    },
}

WITHOUT_APP: Final = {
    # Methods of users that name no app; a token limited to other apps may call them and sees only its own.
    "/paas.config.v1.ConfigService/ListApps",
    "/paas.secrets.v1.SecretsService/ListDueSecrets",
    "/paas.config.v1.GroupsService/ListGroups",
    "/paas.tokens.v1.TokensService/WhoAmI",
    "/paas.tokens.v1.TokensService/CreateToken",
    "/paas.tokens.v1.TokensService/ListTokens",
    "/paas.tokens.v1.TokensService/FindTokens",
    "/paas.tokens.v1.TokensService/RotateToken",
    "/paas.tokens.v1.TokensService/RevokeToken",
    "/paas.tokens.v1.TokensService/ReportToken",
    "/paas.tokens.v1.TokensService/EndSessions",
    "/paas.audit.v1.AuditService/GetLog",
    "/paas.audit.v1.AuditService/ReadLogFile",
    "/paas.audit.v1.AuditService/GetReceipt",
    "/paas.tokens.v1.TrustsService/CreateTrust",
    "/paas.tokens.v1.TrustsService/ListTrusts",
    "/paas.tokens.v1.TrustsService/DeleteTrust",
    "/paas.tokens.v1.TrustsService/TestTrust",
}

OF_ALL_APPS: Final = {
    # Methods of users that name no app and concern every app of the tenant; a token limited to some may call none.
    "/paas.secrets.v1.KeysService/GetKeys",
    "/paas.secrets.v1.KeysService/RotateKeys",
    "/paas.secrets.v1.KeysService/ShredKeys",
}

NAMES_TENANT: Final = {
    # Methods of services that say whose data they mean: an identity carried along has to be of that tenant.
    "/paas.config.v1.ConfigInternalService/ResolveApp",
    "/paas.config.v1.ConfigInternalService/ClaimNames",
    "/paas.config.v1.ConfigInternalService/ReleaseNames",
    "/paas.config.v1.ConfigInternalService/ListGroupUses",
    "/paas.config.v1.ConfigInternalService/CheckNamesUnused",
    "/paas.config.v1.ConfigInternalService/GetDesiredState",
    "/paas.config.v1.ConfigInternalService/RestoreVersion",
    "/paas.config.v1.ConfigInternalService/RevertChanges",
    "/paas.config.v1.ConfigInternalService/GetDraft",
    "/paas.config.v1.ConfigInternalService/ReleaseDraft",
    "/paas.config.v1.ConfigInternalService/AttachManagedVar",
    "/paas.config.v1.ConfigInternalService/DetachManagedVar",
    "/paas.secrets.v1.SecretsInternalService/ResolveForRelease",
    "/paas.secrets.v1.SecretsInternalService/RestoreVersion",
    "/paas.secrets.v1.SecretsInternalService/RevertChanges",
    "/paas.secrets.v1.SecretsInternalService/GetDraft",
    "/paas.secrets.v1.SecretsInternalService/ReleaseDraft",
    "/paas.secrets.v1.SecretsInternalService/StoreManagedValue",
    "/paas.secrets.v1.SecretsInternalService/DeleteManagedValue",
    "/paas.secrets.v1.SecretsInternalService/PurgeApp",
    "/paas.tokens.v1.TokensInternalService/IssueSignIn",
    "/paas.releaser.v1.ReleaserInternalService/RemoveApp",
}

NAMES_APP: Final = {
    # Methods of services that name an app: an identity carried along has to be allowed to touch it.
    "/paas.config.v1.ConfigInternalService/ResolveApp",
    "/paas.config.v1.ConfigInternalService/AttachManagedVar",
    "/paas.config.v1.ConfigInternalService/DetachManagedVar",
    "/paas.secrets.v1.SecretsInternalService/StoreManagedValue",
}
