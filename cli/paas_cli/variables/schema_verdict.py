"""What a schema says of an app's variables, or of those of a file. Must not show a value.

The values of secrets are never read for it: of those it is known that they are there. The releaser, which has them
while it releases, looks at their types.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paas_cli.releases.changes import ReleaseOptions
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_cli.typed.names import is_set_by_platform
from paas_cli.variables import sides
from paas_transport.rpc_error import RpcError

if TYPE_CHECKING:
    from env_schema.checking import Violation
    from env_schema.schema import Schema
    from paas_cli.variables.sides import Side


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which variables are not as the schema says, and which it says nothing of."""

    violations: "tuple[Violation, ...]"
    undeclared: tuple[str, ...]


def of_file(schema: "Schema", values: Mapping[str, str]) -> Verdict:
    """The verdict on a file, in which there are no secrets apart."""
    from env_schema.checking import check

    return Verdict(
        violations=tuple(check(schema, values, sealed=None, passes=lambda _: False)),
        undeclared=tuple(name for name in values if name not in schema.variables),
    )


def of_app(schema: "Schema", side: "Side") -> Verdict:
    """The verdict on what is live of an app; without the names of its secrets none can be said to be missing."""
    values: dict[str, str | None] = {**dict.fromkeys((*side.managed, *(side.secrets or ()))), **side.config}
    return Verdict(
        violations=_violations(schema, side, values, sealed=[name for name in side.names if name not in side.config]),
        undeclared=tuple(name for name in values if name not in schema.variables),
    )


def foretell(
    session: Session,
    options: ReleaseOptions,
    *,
    set_config: Mapping[str, str] | None = None,
    set_secrets: Mapping[str, str] | None = None,
    unset: Collection[str] = (),
) -> None:
    """In a dry run of a change that would be released, warn of what the app's own schema would refuse.

    Says nothing to who may not read the app or its config vars.
    """
    if not options.dry_run or options.stage:
        return
    schema = _of_app_or_none(session)
    if schema is None:
        return
    side = sides.environment(session)
    sealed = {name for name in side.names if name not in side.config}
    values: dict[str, str | None] = {**dict.fromkeys(sealed), **side.config}
    for name in unset:
        if name in side.behind:  # the group's comes to the fore, of which nothing is told as long as it is behind
            values[name] = None
            sealed.add(name)
            continue
        values.pop(name, None)
        sealed.discard(name)
    values |= {**(set_config or {}), **(set_secrets or {})}
    sealed |= set(set_secrets or ())
    found = _violations(schema, side, values, sealed=sealed)
    if found:
        session.warn(f"The app's schema would refuse this release: {visible('; '.join(map(str, found)))}.")


def _violations(
    schema: "Schema", side: "Side", values: Mapping[str, str | None], *, sealed: Collection[str]
) -> "tuple[Violation, ...]":
    from env_schema.checking import Rule, check

    found = check(schema, values, sealed=sealed, passes=is_set_by_platform)
    return tuple(each for each in found if side.secrets is not None or each.rule is not Rule.MISSING)


def _of_app_or_none(session: Session) -> "Schema | None":
    from paas.config.v1 import config_pb2

    from env_schema import reading
    from env_schema.schema import UnreadableSchema

    request = config_pb2.GetAppRequest(app=session.app)
    try:
        text = session.try_to_read(
            "/paas.config.v1.ConfigService/GetApp", request, config_pb2.GetAppResponse
        ).app.spec.schema
        return reading.read(text) if text else None
    except (RpcError, UnreadableSchema):
        return None
