"""The page about one database, in Markdown. Pure: the same schema gives the same page."""

from collections.abc import Iterator

from local.databases import migrations_in
from local.layout import CLONE
from local.schema.tables import Column, Named, Policy, Schema, Table

_HEAD = """\
# The database of {service}

What the [migrations](../../{folder}/versions) of {service} leave in PostgreSQL, read back from
there by `make schema`; don't edit it here. The tables belong to `{service}_owner`, which runs the migrations; what the
service itself may do, as `{service}`, is said of each. Alembic's own table, `alembic_version`, is left out.
"""
# PostgreSQL's words for the rights on a table, in the order people think of them.
_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")


def page(service: str, schema: Schema) -> str:
    """The whole page."""
    return "\n".join(_lines(service, schema)) + "\n"


def _lines(service: str, schema: Schema) -> Iterator[str]:
    folder = migrations_in(CLONE)[service].relative_to(CLONE).as_posix()
    yield _HEAD.format(service=service, folder=folder)
    yield " · ".join(f"[{table.name}](#{table.name})" for table in schema.tables)
    for table in schema.tables:
        yield from _table(table)
    if schema.domains:
        yield "\n## Domains\n"
        yield from (f"- `{domain.name}`: {_code(domain.definition)}" for domain in schema.domains)
    if schema.functions:
        yield "\n## Functions"
        yield from (f"\n```sql\n{function.definition.strip()}\n```" for function in schema.functions)


def _table(table: Table) -> Iterator[str]:
    yield f"\n## {table.name}\n"
    if table.comment:
        yield f"{table.comment}\n"
    commented = any(column.comment for column in table.columns)
    yield _row("column", "type", "null", "default", *(["what it is"] if commented else []))
    yield _row(*["---"] * (5 if commented else 4))
    yield from (_column(column, commented=commented) for column in table.columns)
    yield ""
    yield from (f"- {_code(constraint.definition)}{_own_name(table, constraint)}" for constraint in table.constraints)
    yield from (f"- index `{index.name}`: {_code(index.definition)}" for index in table.indexes)
    yield from (f"- trigger `{trigger.name}`: {_code(trigger.definition)}" for trigger in table.triggers)
    if table.options:
        yield f"- stored with {_code(table.options)}"
    if table.partitioned:
        yield f"- in parts by {_code(table.partitioned)}"
    yield f"- row-level security: {_row_security(table)}"
    yield from (f"  - {_policy(policy)}" for policy in table.policies)
    yield from _grants(table)


def _column(column: Column, *, commented: bool) -> str:
    cells = [f"`{column.name}`", column.type, "yes" if column.nullable else "no", _code(column.default)]
    return _row(*cells, *([column.comment] if commented else []))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _own_name(table: Table, constraint: Named) -> str:
    """Its name, unless it is the one that every primary key gets."""
    return "" if constraint.name == f"{table.name}_pkey" else f" (`{constraint.name}`)"


def _row_security(table: Table) -> str:
    if not table.row_security:
        return "none"
    return "on, for the owner too" if table.forced else "on, but not for the owner"


def _policy(policy: Policy) -> str:
    said = f"{'' if policy.permissive else 'restrictive '}`{policy.name}` for {policy.command}"
    said += "" if policy.roles == "public" else f" to {policy.roles}"
    said += f": {_code(policy.using)}" if policy.using else ""
    return said + (f", with check {_code(policy.check)}" if policy.check else "")


def _grants(table: Table) -> Iterator[str]:
    roles = sorted({grant.role for grant in table.grants})
    if not roles:
        yield "- nobody but the owner may do anything with it"
    for role in roles:
        granted = [grant for grant in table.grants if grant.role == role]
        said = []
        for privilege in sorted({grant.privilege for grant in granted}, key=_PRIVILEGES.index):
            columns = [grant.column for grant in granted if grant.privilege == privilege]
            said.append(privilege if "" in columns else f"{privilege} ({', '.join(columns)})")
        yield f"- `{role}` may {', '.join(said)}"


def _code(sql: str) -> str:
    return f"`{' '.join(sql.split())}`" if sql else ""
