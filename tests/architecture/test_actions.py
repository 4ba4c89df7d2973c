"""The list of actions is whole: `Action` in the contract of audit has what services report, and nothing else.

An action stands in a service's code, or in a rule of a contract. So whoever adds one adds it to the list as well, with
a line of what it is, and docs/audit.md shows it.
"""

import ast
import re
from typing import Final

from gateway.methods import contracts
from paaskit.access import PERMISSIONS, rules_of
from services.audit.rpc import known_actions
from tests.architecture.sources import ROOT, sources

_ACTION: Final = re.compile(r"(addons|apps|audit|config|groups|keys|releases|secrets|tokens)\.[a-z_]+")
# What is written alike and is no action: destinations of messages to another service.
_NO_ACTIONS: Final = {"config.release_names", "secrets.delete_managed", "secrets.purge"}
# Made of a word and a verb, in services/secrets/vault.py.
_PUT_TOGETHER: Final = {"secrets.set", "secrets.unset", "secrets.rotate"}


def _in_code() -> set[str]:
    found = set()
    for source in sources("services", "paaskit"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ACTION.fullmatch(node.value):
                found.add(node.value)
    return found


def _in_contracts() -> set[str]:
    services = [service for file in contracts() for service in file.services_by_name.values()]
    return {rule.action for rule in rules_of(services, foreign={}).values() if rule.action}


def test_every_action_is_in_the_list() -> None:
    reported = (_in_code() - set(PERMISSIONS) - _NO_ACTIONS) | _in_contracts() | _PUT_TOGETHER
    assert reported - known_actions() == set(), "add it to `Action` in protos/paas/audit/v1/audit.proto"


def test_every_action_of_the_list_is_reported_by_somebody() -> None:
    assert known_actions() - _in_code() - _in_contracts() - _PUT_TOGETHER == set()


def test_the_documentation_has_each_with_its_meaning() -> None:
    proto = (ROOT / "protos/paas/audit/v1/audit.proto").read_text(encoding="utf-8")
    written = re.findall(r"// (.+)\n  ACTION_([A-Z_]+) = [1-9]", proto)
    rows = [f"| `{name.lower().replace('_', '.', 1)}` | {meaning} |" for meaning, name in written]
    assert len(rows) == len(known_actions())
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `[a-z]+\.[a-z_]+` \| .+ \|$", page, re.MULTILINE) == sorted(rows)
