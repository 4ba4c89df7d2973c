"""What a schema is made of, as it is told: no SQL of ours, only definitions as PostgreSQL gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. `default` is what a row gets that doesn't say, as SQL; empty where there is none."""

    name: str
    type: str
    nullable: bool
    default: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One policy of row-level security. `using` and `check` are SQL; empty where the policy has none."""

    name: str
    permissive: bool
    command: str
    roles: str
    using: str
    check: str


@dataclass(frozen=True)
class Named:
    """Something with a name and a definition in SQL."""

    name: str
    definition: str


@dataclass(frozen=True)
class Grant:
    """One right of a role on a table, or on one `column` of it, which is empty where it is on the whole table."""

    role: str
    privilege: str
    column: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table with everything that belongs to it.

    `options` are its storage parameters, `name=value`; `partitioned` what it is in parts by, empty where it is whole.
    """

    name: str
    comment: str
    options: str
    partitioned: str
    row_security: bool
    forced: bool
    columns: tuple[Column, ...]
    constraints: tuple[Named, ...]
    indexes: tuple[Named, ...]
    triggers: tuple[Named, ...]
    policies: tuple[Policy, ...]
    grants: tuple[Grant, ...]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Everything the migrations made."""

    tables: tuple[Table, ...]
    domains: tuple[Named, ...]
    functions: tuple[Named, ...]
