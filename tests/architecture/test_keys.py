"""The KMS is asked in two places, never while a transaction is open, and for keys that have names of their own.

What happens at run time is `paaskit.db.refuse_in_transaction`, which tests of either provider see at work; this is the
code as it is written.
"""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.sources import Source, sources

_PROVIDERS: Final = {"services/secrets/keys/kms/gcp.py", "services/secrets/keys/kms/local.py"}
# The first asks for tenants' keys, the second for the key of the check of the database.
_ASKING: Final = {"services/secrets/keys/wrapping.py", "services/secrets/keys/kms_check.py"}
_CALLS: Final = {"wrap", "unwrap", "is_current"}
# What is asked about a key, and its end, which need no key.
_OF_KEYS: Final = {"describe", "destroy"}
_TRANSACTIONS: Final = {"transaction", "unscoped"}
# What may end with the KMS: the key ring's and the check's own methods.
_MAY_ASK: Final = _CALLS | _OF_KEYS | {"keys", "keys_for", "confirm", "make", "renew", "finish"}


def _called(node: ast.AST) -> set[str]:
    """The names of all methods that are called and waited for within."""
    return {
        each.value.func.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Await)
        and isinstance(each.value, ast.Call)
        and isinstance(each.value.func, ast.Attribute)
    }


def _in_transactions(source: Source) -> Iterator[ast.AsyncWith]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncWith) and any(
            isinstance(each, ast.Attribute) and each.attr in _TRANSACTIONS
            for item in node.items
            for each in ast.walk(item.context_expr)
        ):
            yield node


def test_the_kms_is_asked_in_two_places() -> None:
    found = {source.path for source in sources("services/secrets") if _called(source.tree) & _CALLS}
    assert found == _ASKING


@pytest.mark.parametrize("source", sources("services/secrets"), ids=lambda each: each.path)
def test_nothing_that_may_ask_the_kms_is_within_a_transaction(source: Source) -> None:
    assert [ast.unparse(node.items[0]) for node in _in_transactions(source) if _called(node) & _MAY_ASK] == []


def test_what_asks_the_kms_opens_no_transaction_and_what_opens_one_does_not_know_the_kms() -> None:
    for source in sources("services/secrets"):
        if source.path in _ASKING | _PROVIDERS:
            assert list(_in_transactions(source)) == [], source.path
        if list(_in_transactions(source)):
            assert source.imports_any("services.secrets.keys.kms", "services.secrets.keys.keyring.Keyring") == []


@pytest.mark.parametrize("path", sorted(_PROVIDERS))
def test_every_provider_refuses_first(path: str) -> None:
    (source,) = (each for each in sources("services/secrets") if each.path == path)
    found = {
        function.name: ast.unparse(function.body[1])
        for function in ast.walk(source.tree)
        if isinstance(function, ast.AsyncFunctionDef) and function.name in _CALLS | _OF_KEYS
    }
    assert found == dict.fromkeys(_CALLS | _OF_KEYS, "refuse_in_transaction(SERVICE)")


def test_keys_have_names_of_two_kinds_and_none_is_made_up() -> None:
    """The key of the check is no tenant of some odd name."""
    for source in sources("services"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id == "KeyName":
                    assert source.path == "services/secrets/keys/kms/protocol.py"
                if node.func.id == "tenant_key":
                    assert not isinstance(node.args[0], ast.Constant), source.path


def test_the_search_sees() -> None:
    code = (
        'async def f():\n    async with database.transaction("acme") as connection:\n        await ring.keys("acme")\n'
    )
    (node,) = _in_transactions(Source("x.py", code))
    assert _called(node) & _MAY_ASK
