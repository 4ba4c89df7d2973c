"""Reading a schema out of PostgreSQL's own catalog. It must not know a table."""

from collections import defaultdict
from typing import Any, Final

import psycopg

from local.failures import LocalFailure
from local.schema.tables import Column, Grant, Named, Policy, Schema, Table

Rows = list[tuple[Any, ...]]
Connection = psycopg.Connection[tuple[Any, ...]]

# Alembic's own table, which says how far the migrations have come, is left out.
# So are the parts of tables, which follow from the whole but for which there are: that depends on when it was migrated.
_TABLE: Final = """c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'alembic_version'"""
_TABLES: Final = f"""
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, array_to_string(c.reloptions, ', '),
           obj_description(c.oid, 'pg_class'), pg_get_partkeydef(c.oid)
    FROM pg_class c WHERE {_TABLE} ORDER BY c.relname"""
_COLUMNS: Final = f"""
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, col_description(c.oid, a.attnum)
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE {_TABLE} ORDER BY c.relname, a.attnum"""
# Primary key, unique, foreign keys, checks, exclusions. Whether a column may be null is told with the column.
_CONSTRAINTS: Final = f"""
    SELECT c.relname, o.conname, pg_get_constraintdef(o.oid)
    FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
    WHERE {_TABLE} AND o.contype <> 'n' ORDER BY c.relname, position(o.contype::text IN 'pufcx'), o.conname"""
_INDEXES: Final = f"""
    SELECT c.relname, x.relname,
           regexp_replace(pg_get_indexdef(x.oid), '^CREATE (UNIQUE )?INDEX .* ON (ONLY )?public\\.[^ ]+ USING ', '\\1')
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE {_TABLE} AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = x.oid AND o.contype <> 'f')
    ORDER BY c.relname, x.relname"""
_TRIGGERS: Final = f"""
    SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE {_TABLE} AND NOT t.tgisinternal ORDER BY c.relname, t.tgname"""
_POLICIES: Final = """
    SELECT tablename, policyname, permissive, cmd, array_to_string(roles, ', '), qual, with_check
    FROM pg_policies WHERE schemaname = 'public' ORDER BY tablename, policyname"""
# The owner's own rights are left out: a running service is never the owner.
_GRANTS: Final = f"""
    SELECT c.relname, COALESCE(r.rolname, 'PUBLIC'), g.privilege_type, NULL
    FROM pg_class c CROSS JOIN aclexplode(c.relacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE {_TABLE} AND g.grantee <> c.relowner
    UNION ALL
    SELECT c.relname, COALESCE(r.rolname, 'PUBLIC'), g.privilege_type, a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN aclexplode(a.attacl) g
    LEFT JOIN pg_roles r ON r.oid = g.grantee
    WHERE {_TABLE} AND g.grantee <> c.relowner
    ORDER BY 1, 2, 3, 4"""
_DOMAINS: Final = """
    SELECT t.typname,
           concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
                     string_agg(pg_get_constraintdef(o.oid), ' ' ORDER BY o.conname))
    FROM pg_type t LEFT JOIN pg_constraint o ON o.contypid = t.oid
    WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'd'
    GROUP BY t.typname, t.typbasetype, t.typtypmod ORDER BY t.typname"""
_FUNCTIONS: Final = """
    SELECT p.proname, pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p') ORDER BY 1, 2"""
# Everything else there can be in a database. It must not be left out without a word.
_UNKNOWN: Final = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace
      AND (c.relkind NOT IN ('r', 'p', 'i', 'I', 'S')
           -- A sequence that belongs to a column is told with it.
           OR c.relkind = 'S'
              AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('i', 'a')))
    UNION ALL
    SELECT t.typname FROM pg_type t
    WHERE t.typnamespace = 'public'::regnamespace AND t.typtype NOT IN ('b', 'c', 'd')
    UNION ALL
    SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind NOT IN ('f', 'p')
    UNION ALL
    SELECT r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT n.nspname FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('public', 'information_schema')
    ORDER BY 1"""


def read_schema(connection: Connection) -> Schema:
    """What is in the database. Raises LocalFailure for a kind of thing that has no place in a Schema."""
    unknown = [str(name) for (name,) in connection.execute(_UNKNOWN)]
    if unknown:
        raise LocalFailure(f"The schema holds what its page can't show yet: {', '.join(unknown)}.")
    columns, constraints, indexes, triggers, policies, grants = (
        _by_table(connection, statement)
        for statement in (_COLUMNS, _CONSTRAINTS, _INDEXES, _TRIGGERS, _POLICIES, _GRANTS)
    )
    return Schema(
        tables=tuple(
            Table(
                name=name,
                comment=comment or "",
                options=options or "",
                partitioned=partitioned or "",
                row_security=row_security,
                forced=forced,
                columns=tuple(_column(*row) for row in columns[name]),
                constraints=tuple(Named(*row) for row in constraints[name]),
                indexes=tuple(Named(*row) for row in indexes[name]),
                triggers=tuple(Named(*row) for row in triggers[name]),
                policies=tuple(_policy(*row) for row in policies[name]),
                grants=tuple(Grant(role, privilege, column or "") for role, privilege, column in grants[name]),
            )
            for name, row_security, forced, options, comment, partitioned in connection.execute(_TABLES)
        ),
        domains=tuple(Named(*row) for row in connection.execute(_DOMAINS)),
        functions=tuple(Named(*row) for row in connection.execute(_FUNCTIONS)),
    )


def _by_table(connection: Connection, statement: str) -> defaultdict[str, Rows]:
    found: defaultdict[str, Rows] = defaultdict(list)
    for table, *row in connection.execute(statement.encode()):
        found[table].append(tuple(row))
    return found


def _column(*row: Any) -> Column:
    name, type_, nullable, default, identity, generated, comment = row
    made = {"a": "GENERATED ALWAYS AS IDENTITY", "d": "GENERATED BY DEFAULT AS IDENTITY"}.get(identity, default or "")
    if generated:
        made = f"GENERATED ALWAYS AS ({default})"
    type_ = type_.replace("timestamp with time zone", "timestamptz")
    return Column(name=name, type=type_, nullable=nullable, default=made, comment=comment or "")


def _policy(*row: Any) -> Policy:
    name, permissive, command, roles, using, check = row
    return Policy(
        name=name,
        permissive=permissive == "PERMISSIVE",
        command=command,
        roles=roles,
        using=using or "",
        check=check or "",
    )
