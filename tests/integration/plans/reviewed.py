"""How far each index has to be searched, and the few statements that may read more, with the reason. Reviewed.

A row here is a promise about what users can make large: an app's history, a tenant's apps and tokens, what waits.
"""

from typing import Final

_SHARED: Final = {
    "outbox_destination_key_key": ("destination", "key"),
    "outbox_waiting": ("destination",),  # in the order of writing, with a LIMIT
    "requests_pkey": ("tenant", "request_id"),
    "requests_created": ("created_at",),
}

SEARCHED_BY: Final = {
    "audit": {
        "event_ids_pkey": ("tenant", "event_id"),
        "periods_pkey": ("since",),  # from the newest, with a LIMIT
        "log_periods_pkey": ("tenant",),  # a log has one for each month, and needs them all
        "dropped_pkey": ("tenant",),  # from the newest, with a LIMIT
        "dropped_hashes_pkey": ("tenant", "first_index"),  # with a LIMIT
        "edge_entries_pkey": ("tenant",),
        "events_pkey": ("tenant",),  # the rest are in the order of the list, which has a LIMIT
        "events_by_app_id": ("tenant", "app_id"),
        "logs_pkey": ("tenant",),
        "checkpoints_pkey": ("log_id",),  # from the largest, with a LIMIT
        "sinks_pkey": ("sink",),
        "deliveries_pkey": ("sink", "log_id"),
        # Kind by kind: what there is of each, from a place on, with a LIMIT.
        "events_by_kind": ("tenant", "action", "outcome"),
        "events_of_app": ("tenant", "app", "action", "outcome"),
        "events_of_actor": ("tenant", "actor", "action", "outcome"),
        "events_on_behalf_of": ("tenant", "on_behalf_of", "action", "outcome"),
        "events_of_maker": ("tenant", "maker", "action", "outcome"),
        "events_of_token": ("tenant", "token_id", "action", "outcome"),
        "event_names_pkey": ("tenant", "name", "action", "outcome", "personal"),
        "event_names_of_app": ("tenant", "app", "name", "action", "outcome", "personal"),
    },
    "config": {
        "apps_pkey": ("tenant", "app_id"),
        "apps_living_name": ("tenant", "name"),
        "apps_last_destroyed": ("tenant", "name"),
        "apps_adopted": ("tenant", "adopted_namespace", "adopted_deployment"),
        "apps_groups": ("tenant",),  # in the order of names, with a LIMIT
        "group_uses_pkey": ("tenant", "app_id"),  # an app has 32 groups at most
        "group_uses_group": ("tenant", "group_id"),
        "specs_pkey": ("tenant", "app_id"),  # from the newest, with a LIMIT
        "specs_current": ("tenant", "app_id"),
        "vars_pkey": ("tenant", "app_id", "name", "valid_from"),
        "vars_current": ("tenant", "app_id"),  # an app has 500 names at most
        "vars_closed": ("tenant", "app_id", "valid_to"),
        "drafts_pkey": ("tenant", "app_id"),
        "draft_specs_pkey": ("tenant", "app_id"),
        "attachments_pkey": ("tenant", "app_id"),
        "attachments_touched": ("touched_at",),
        **_SHARED,
    },
    "secrets": {
        "apps_pkey": ("tenant", "app_id"),
        "apps_tenant_name_key": ("tenant", "name"),
        "sealed_pkey": ("tenant", "app_id", "name", "valid_from"),
        "sealed_current": ("tenant", "app_id"),  # an app has 500 names at most
        "sealed_closed": ("tenant", "app_id", "valid_to"),
        "drafts_pkey": ("tenant", "app_id"),
        "sealed_generation": ("tenant", "generation"),  # counted, and gone through with a LIMIT
        "drafts_generation": ("tenant", "generation"),
        "key_care_pkey": ("tenant",),
        "key_care_due": ("due",),
        "key_care_destroyed": ("destroyed_at",),
        "held_names_pkey": ("tenant", "app_id"),
        "claims_pkey": ("tenant", "app_id"),
        "claims_created": ("created_at",),
        "overlap_ends_pkey": ("tenant", "app_id"),
        "overlap_ends_due": ("due",),
        "reminders_pkey": ("tenant", "app_id"),
        "reminders_due": ("due",),  # from the longest due, with a LIMIT
        # Of all apps, each in the order of its list, with a LIMIT.
        "sealed_expiry": ("tenant", "expires_at"),
        "sealed_rotation": ("tenant", "rotate_at"),
        "sealed_age": ("tenant", "created_at"),
        "sealed_delivered": ("tenant", "delivered_at"),
        "sealed_undelivered": ("tenant", "created_at"),
        "tenant_keys_pkey": ("tenant",),  # a tenant has few keys, and needs them all
        **_SHARED,
    },
    "releaser": {
        "apps_pkey": ("tenant", "app_id"),
        "apps_name": ("tenant", "name"),
        "releases_pkey": ("tenant", "app_id", "number"),
        "releases_change": ("tenant", "change_id", "app_id"),
        "releases_open": ("tenant", "app_id"),  # what has not ended yet
        "releases_succeeded": ("tenant", "app_id"),  # from the newest, with a LIMIT
        "releases_started": ("tenant", "app_id"),  # from the newest, with a LIMIT
        "work_pkey": ("tenant", "app_id"),
        "work_due": ("not_before",),
        "work_leased": ("lease_until",),  # what is worked on, as much as processes work on at once
        "intents_pkey": ("tenant", "app_id"),
        "intents_age": ("created_at",),
        "placements_pkey": ("tenant", "app_id"),
        "pins_pkey": ("tenant", "app_id", "number"),  # a release has few groups
        "members_pkey": ("tenant", "group_id", "number"),  # a group's release needs all its apps
        **_SHARED,
    },
    "tokens": {
        "tokens_pkey": ("tenant", "token_id"),
        "tokens_digest": ("digest",),
        "tokens_by_parent": ("tenant", "parent_id"),
        "tokens_listed": ("tenant", "created_at", "token_id"),
        "tokens_living": ("tenant", "kind", "name", "expires_at"),
        "tokens_of_maker": ("maker_id", "tenant"),  # what one person made
        "tokens_of_person": ("tenant", "maker"),  # what one person made
        "trusts_pkey": ("tenant",),  # a tenant has a hundred at most
        "trusts_name": ("tenant",),
        "trusts_named": ("trust_id",),
        "trusts_of_maker": ("maker_id", "tenant"),
        "exchanges_pkey": ("tenant", "mark"),
        "exchanges_of_trust": ("tenant", "trust_id", "exchanged_at"),
        "exchanges_expired": ("expires_at",),  # from the oldest, with a LIMIT
        **_SHARED,
    },
    # No tenant before the rest: a session is what says whose it is.
    "dashboard": {
        "sessions_pkey": ("session",),
        "sessions_of_somebody": ("tenant", "subject"),
        "pending_pkey": ("session", "app"),
        "once_pkey": ("id",),
        "once_of_somebody": ("tenant", "subject"),
        "signed_out_pkey": ("tenant", "subject"),
    },
}
"""The columns that a search of an index has to have at least, from its first on. An index that is not here fails."""

SELECTIVE: Final = frozenset(
    {
        *(
            "action",
            "actor",
            "app",
            "app_id",
            "change_id",
            "claim_id",
            "destination",
            "event_id",
            "key",
            "name",
            "number",
        ),
        *("maker", "on_behalf_of", "outcome", "parent_id", "request_id", "token_id"),
    }
)
"""Columns that are not to be checked row by row: what is looked for by them is looked for in an index."""

MAY_CHECK: Final = {
    ("services.releaser.store.leases._CLAIM", "work_due", "app_id"): "leaves out what runs here, which is little",
    ("services.tokens.trusts.store._MEANT", "trusts_name", "name"): "of a tenant's trusts, a hundred at most",
    ("services.tokens.trusts.store._MEANT", "trusts_pkey", "name"): "of a tenant's trusts, a hundred at most",
    ("services.tokens.trusts.store._MEANT", "trusts_name", "maker"): "of a tenant's trusts, a hundred at most",
    ("services.tokens.trusts.store._MEANT", "trusts_pkey", "maker"): "of a tenant's trusts, a hundred at most",
    ("services.tokens.trusts.store._LIST", "trusts_name", "maker"): "of a tenant's trusts, a hundred at most",
    ("services.tokens.store._LIMIT_TRUSTS", "trusts_name", "maker"): "of a tenant's trusts, a hundred at most",
    ("services.tokens.trusts.store._MADE_WITH", "trusts_name", "parent_id"): "of a tenant's trusts as well",
    ("services.tokens.trusts.store._MADE_WITH", "trusts_pkey", "parent_id"): "of a tenant's trusts as well",
    ("services.releaser.store.work._LOOK", "releases_open", "number"): "of what has not ended",
}
"""What certain statements may check all the same in rows found by an index, and why there are few of these."""

MAY_READ_MORE: Final = {
    "paaskit.outbox.rows._STANDINGS": "counts what waits, four times a minute",
    "paaskit.outbox.rows._GIVE_BACK": "an operator's own command",
    "dashboard.sessions.store._SWEEP[0]": "of those who are signed in, every five minutes",
    "dashboard.sessions.store._SWEEP[1]": "of what is under way, every five minutes",
    "dashboard.sessions.store._SWEEP[2]": "of who was signed out elsewhere within half an hour, every five minutes",
    "services.releaser.store.leases._GIVE_UP": "once, as a process begins or ends",
    "services.releaser.store.placements._NAMESPACES": "once, as a process begins",
    "services.secrets.store.due._SINCE": "of one row",
    "services.secrets.store.key_care._OTHERS": "once, as a tenant's keys are destroyed",
    "services.secrets.store.store._PURGE[0]": "all of a destroyed app's values are to go",
    "services.secrets.store.tenant_keys._PROOF": "of one row",
}
"""Statements that may read a table, or go through an index, from end to end."""
