"""Migrated databases: closed by tenant, open to the service's role no further than reviewed.

On a real PostgreSQL with the real migrations. That the policies keep tenants apart is tested in
tests/integration/test_tenants.py, what the pages in docs/schema show in test_schema.py.
"""

from typing import Final

import pytest

from local.ports import DATABASES, SERVICES
from tests.fixtures.postgres import Databases

_HISTORY: Final = {"SELECT", "INSERT"}
_OUTBOX: Final = {"SELECT", "INSERT", "UPDATE (parked_at, parked_reason)", "DELETE"}
_REQUESTS: Final = {"SELECT", "INSERT", "DELETE"}
# So that a process can wait for the schema it needs.
_SCHEMA_KNOWN: Final = {"SELECT"}

# What each service's login role may do: reviewed. Where rows are history there is no DELETE, and UPDATE only of what
# closes a row.
_GRANTS: Final = {
    "audit": {
        "alembic_version": _SCHEMA_KNOWN,
        "events": _HISTORY,
        "event_names": _HISTORY,
        "event_ids": _HISTORY,
        "periods": {"SELECT"},
        "log_periods": _HISTORY,
        # What was dropped is written by the owner alone.
        "dropped": {"SELECT"},
        "dropped_hashes": {"SELECT"},
        "edge_entries": {"SELECT"},
        "logs": _HISTORY,
        "checkpoints": _HISTORY,
        "sinks": _HISTORY,
        # A function of the owner's takes it forward.
        "deliveries": {"SELECT"},
    },
    "config": {
        "alembic_version": _SCHEMA_KNOWN,
        "apps": _HISTORY | {"UPDATE (bytes, destroyed_at, draft_revision, has_groups, names, next_position, version)"},
        "specs": _HISTORY | {"UPDATE (valid_to)"},
        "vars": _HISTORY | {"UPDATE (claims, size, valid_to)"},
        # What is staged, or under way, is no history.
        "drafts": _HISTORY | {"UPDATE (base_from, revision, size, staged_at, staged_by, value)", "DELETE"},
        "draft_specs": _HISTORY | {"DELETE"},
        # What current and staged specs say, turned round.
        "group_uses": _HISTORY | {"DELETE"},
        "attachments": _HISTORY | {"UPDATE (shared, touched_at)", "DELETE"},
        "requests": _REQUESTS,
        "outbox": _OUTBOX,
    },
    "secrets": {
        "alembic_version": _SCHEMA_KNOWN,
        # DELETE is for destroyed apps, whose secrets must not stay, and for what is staged, held or claimed no more.
        "apps": _HISTORY | {"UPDATE (destroyed_at, draft_revision, is_group, name, next_position, version)"},
        # A sealed value may be sealed anew with a newer key, and have another end.
        "sealed": _HISTORY
        | {
            (
                "UPDATE (attachment_id, delivered_at, expires_at, expires_seconds, generation, rotate_at, "
                "rotate_seconds, sealed, valid_to)"
            ),
            "DELETE",
        },
        "drafts": _HISTORY
        | {
            (
                "UPDATE (action, base_from, expires_at, expires_seconds, generation, overlap_seconds, revision, "
                "rotate_seconds, sealed, size, staged_at, staged_by)"
            ),
            "DELETE",
        },
        "held_names": _HISTORY | {"UPDATE (claim_ids)", "DELETE"},
        "claims": _HISTORY | {"DELETE"},
        "tenant_keys": _HISTORY | {"UPDATE (finished_at, retired_at, unreadable, wrapped)"},
        "key_care": _HISTORY | {"UPDATE (destroyed_at, due, kms_destroyed_at, restorable_until)"},
        "kms_check": _HISTORY,
        "overlap_ends": _HISTORY | {"UPDATE (due, version)", "DELETE"},
        "reminders": _HISTORY | {"UPDATE (due)", "DELETE"},
        "delivery_records": _HISTORY,
        "requests": _REQUESTS,
        "outbox": _OUTBOX,
    },
    "tokens": {
        "alembic_version": _SCHEMA_KNOWN,
        "tokens": _HISTORY | {"UPDATE (expires_at, last_used_at, maker_permissions, revoked_at)"},
        # A trust is no history: what it gave is.
        "trusts": _HISTORY | {"UPDATE (maker_permissions)", "DELETE"},
        "exchanges": _HISTORY,
        "requests": _REQUESTS,
        "outbox": _OUTBOX,
    },
    "releaser": {
        "alembic_version": _SCHEMA_KNOWN,
        "apps": _HISTORY
        | {"UPDATE (config_version, is_group, last_number, name, removed_at, secrets_version, settled)"},
        "releases": _HISTORY
        | {
            (
                "UPDATE (changes, config_version, fan_out, finished_at, instances_old, instances_ready, "
                "instances_total, instances_updated, message, output, revert_release, reverted_names, "
                "reverted_secrets, reverted_to, secrets_version, started_at, state, stopped_by, superseded_by, "
                "undo_due, untouched)"
            )
        },
        "pins": _HISTORY | {"UPDATE (config_version, name, place, secrets_version)"},
        # An app that does not have the group any more by its turn is no member of its release.
        "members": _HISTORY | {"UPDATE (release)", "DELETE"},
        # An intent goes when it is done, with the row of what it was for.
        "intents": {"SELECT", "INSERT", "DELETE"},
        "work": _HISTORY | {"UPDATE (lease_holder, lease_until, not_before, removal)", "DELETE"},
        # A placement goes when nothing of the app is in the cluster any more.
        "placements": _HISTORY
        | {"UPDATE (container, drift_at, drift_by, drift_names, good, instances, plain, sealed, secrets)", "DELETE"},
        "requests": _REQUESTS,
        "outbox": _OUTBOX,
    },
    # Nothing of it is history: a session that ended is nobody's business.
    "dashboard": {
        "alembic_version": _SCHEMA_KNOWN,
        "sessions": _HISTORY | {"UPDATE (sealed, seen_at)", "DELETE"},
        "pending": _HISTORY | {"UPDATE (sealed)", "DELETE"},
        "once": _HISTORY | {"DELETE"},
        "signed_out": _HISTORY | {"UPDATE (at)", "DELETE"},
    },
}
# Tables that a job reads across tenants, and therefore hold no value: reviewed.
WITHOUT_RLS: Final = {
    "audit": {"alembic_version", "checkpoints", "deliveries", "logs", "periods", "sinks"},
    "config": {"alembic_version", "attachments", "outbox"},
    "secrets": {
        *("alembic_version", "claims", "delivery_records", "key_care", "kms_check", "outbox", "overlap_ends"),
        "reminders",
    },
    "tokens": {"alembic_version", "outbox"},
    "releaser": {"alembic_version", "intents", "outbox", "placements", "work"},
    # A session is looked up by a digest of its cookie before anybody knows whose it is, so there is no tenant to look
    # as. What keeps rows apart is that each opens with the cookie it is of, and with nothing that is stored.
    # `signed_out` is looked at while somebody signs in, and has a time.
    "dashboard": {"alembic_version", "once", "pending", "sessions", "signed_out"},
}

_TABLE_GRANTS: Final = """
    SELECT table_name, privilege_type FROM information_schema.role_table_grants
    WHERE grantee = %s AND table_schema = 'public'"""
_COLUMN_GRANTS: Final = """
    SELECT c.table_name, string_agg(c.column_name, ', ' ORDER BY c.column_name)
    FROM information_schema.column_privileges c
    WHERE c.grantee = %s AND c.privilege_type = 'UPDATE' AND c.table_schema = 'public' AND NOT EXISTS (
        SELECT 1 FROM information_schema.role_table_grants t
        WHERE t.grantee = c.grantee AND t.table_name = c.table_name AND t.privilege_type = 'UPDATE')
    GROUP BY c.table_name"""


@pytest.mark.parametrize("service", DATABASES)
def test_tenant_tables_have_forced_row_level_security(service: str, databases: Databases) -> None:
    rows = databases.look(
        service,
        """SELECT relname, relrowsecurity AND relforcerowsecurity,
                  EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid)
           FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace""",
    )
    assert {name for name, forced, _ in rows if not forced} == WITHOUT_RLS[service]
    assert [name for name, forced, has_policy in rows if forced and not has_policy] == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_tenant_is_part_of_every_unique_index(service: str, databases: Databases) -> None:
    """Else a clash of names would tell one tenant what another has."""
    rows = databases.look(
        service,
        """SELECT i.indexrelid::regclass::text,
                  EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attname = 'tenant'
                          AND a.attnum = ANY (i.indkey))
           FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
           WHERE i.indisunique AND c.relrowsecurity AND c.relnamespace = 'public'::regnamespace""",
    )
    assert rows
    assert [name for name, with_tenant in rows if not with_tenant] == []


@pytest.mark.parametrize("service", DATABASES)
def test_the_role_may_do_what_was_reviewed(service: str, databases: Databases) -> None:
    found: dict[str, set[str]] = {}
    for table, privilege in databases.look(service, _TABLE_GRANTS, (service,)):
        found.setdefault(table, set()).add(privilege)
    for table, columns in databases.look(service, _COLUMN_GRANTS, (service,)):
        found.setdefault(table, set()).add(f"UPDATE ({columns})")
    assert found == _GRANTS[service]


@pytest.mark.parametrize("service", DATABASES)
def test_what_runs_with_the_owners_rights_was_reviewed(service: str, databases: Databases) -> None:
    found = databases.look(
        service,
        """SELECT proname, prosecdef, proconfig, coalesce(proacl::text, 'everybody') FROM pg_proc
           WHERE pronamespace = 'public'::regnamespace""",
    )
    mine = f"{{{service}_owner=X/{service}_owner,{service}=X/{service}_owner}}"
    # It drops remembered requests that have expired: the owner's policy shows it no others.
    expiry = ("expire_requests", True, ["search_path=pg_catalog, pg_temp"], mine)
    # The same for tokens of CI systems that were exchanged, and have ended.
    exchanges = ("expire_exchanges", True, ["search_path=pg_catalog, pg_temp"], mine)
    # It tells of whom the identity provider is to be asked: the owner's policies show it the rows with such makers.
    makers = ("makers", True, ["search_path=pg_catalog, pg_temp"], mine)
    # It keeps the end of a token from being put off, with nobody's rights but the service's own.
    nearer = ("token_end_comes_nearer", False, expiry[2], "{tokens_owner=X/tokens_owner}")
    # It writes the names and the id that an event has, with nobody's rights but the service's own.
    notes = ("note_events", False, expiry[2], "{audit_owner=X/audit_owner}")
    # They make the parts of tables that months are kept in, and the owner alone may call them.
    month, part = ((name, False, expiry[2], "{audit_owner=X/audit_owner}") for name in ("make_month", "make_part"))
    # It takes forward how far a sink of the log is, and never back: no row but that is ever changed.
    delivered = ("note_delivered", *expiry[1:])
    reviewed = {
        "audit": [month, part, delivered, notes],
        "tokens": [exchanges, expiry, makers, nearer],
        "dashboard": [],
    }
    assert sorted(found) == reviewed.get(service, [expiry])


@pytest.mark.parametrize("service", DATABASES)
def test_the_role_owns_nothing_and_is_nobody_special(service: str, databases: Databases) -> None:
    (row,) = databases.look(
        service,
        """SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
                  (SELECT count(*) FROM pg_auth_members WHERE member = r.oid),
                  (SELECT count(*) FROM pg_class WHERE relowner = r.oid),
                  has_schema_privilege(rolname, 'public', 'CREATE')
           FROM pg_roles r WHERE rolname = %s""",
        (service,),
    )
    assert row == (False, False, False, False, False, 0, 0, False)


@pytest.mark.parametrize("service", DATABASES)
def test_everything_belongs_to_the_role_that_migrates(service: str, databases: Databases) -> None:
    rows = databases.look(
        service,
        """SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
           WHERE relnamespace = 'public'::regnamespace""",
    )
    assert rows == [(f"{service}_owner",)]


@pytest.mark.parametrize("service", DATABASES)
def test_nobody_else_may_look_at_its_tables(service: str, databases: Databases) -> None:
    rows = databases.look(
        service,
        """SELECT DISTINCT grantee FROM information_schema.role_table_grants
           WHERE table_schema = 'public' AND grantee NOT IN (%s, %s, 'postgres')""",
        (service, f"{service}_owner"),
    )
    assert rows == []
