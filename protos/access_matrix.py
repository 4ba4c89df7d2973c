"""Write `docs/access-matrix.md` from the access rules in the protos.

`python protos/access_matrix.py [OUT]`. What it writes is committed; a test generates it again and compares. It only
describes: what servers do is checked by tests/access, against a table of its own.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from google.protobuf.descriptor import ServiceDescriptor

from gateway.methods import contracts
from paaskit.access import ROLES, Rule, rules_of

OUT = Path(__file__).resolve().parent.parent / "docs" / "access-matrix.md"
_HEAD = """\
# Who may call what

Generated from the options of the protos by `python protos/access_matrix.py`; don't edit it here.

Users and their tokens call through the gateway, with a permission. Services call each other over mTLS, by the name in
their certificate. Nobody may do both. Anything that isn't listed is refused, and a server with a method that has no
rule doesn't start. Health and reflection answer any certificate of the installation's CA; Envoy's own
`envoy.service.auth.v3.Authorization/Check` is served by tokens to the gateway alone.

*Anyone* needs no sign-in: what proves who calls is in the request, and the method bounds what it does for strangers.

A denied attempt of a user is an event of the method's action, and so is what a method changes or reveals. A method
without an action says why; one that says neither keeps its server from starting.

A token limited to some apps may call a method that names an app only for those. ● may, · may not.
"""


def lines() -> Iterator[str]:
    """The document, line by line."""
    yield _HEAD
    services = [service for file in contracts() for service in file.services_by_name.values()]
    rules = rules_of(services, foreign={})
    public = [service for service in services if not service.name.endswith("InternalService")]
    yield "## Users, through the gateway\n"
    yield f"| method | permission | {' | '.join(ROLES)} | audit action |"
    yield f"| --- | --- | {' | '.join(':-:' for _ in ROLES)} | --- |"
    yield from (_user_row(name, rule) for service in public for name, rule in _of(service, rules))
    yield "\n## Services, over mTLS\n"
    yield "| method | callers | audit action |\n| --- | --- | --- |"
    internal = [service for service in services if service not in public]
    yield from (
        f"| `{name}` | {', '.join(sorted(rule.callers))} | {_action(rule)} |"
        for service in internal
        for name, rule in _of(service, rules)
    )


def _of(service: ServiceDescriptor, rules: Mapping[str, Rule]) -> Iterator[tuple[str, Rule]]:
    for method in service.methods:
        yield f"{service.full_name}/{method.name}", rules[f"/{service.full_name}/{method.name}"]


def _user_row(name: str, rule: Rule) -> str:
    may = ["●" if not rule.permission or rule.permission in permissions else "·" for permissions in ROLES.values()]
    permission = f"`{rule.permission}`" if rule.permission else "anyone" if rule.anyone else "any, signed in"
    return f"| `{name}` | {permission} | {' | '.join(may)} | {_action(rule)} |"


def _action(rule: Rule) -> str:
    return f"`{rule.action}`" if rule.action else f"none: {rule.no_event}"


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines()) + "\n", encoding="utf-8")
