"""The table of faults still fits the code: each text is in its file exactly once, and each test exists.

That the tests notice the faults is what `make test-mutations` finds out.
"""

import ast
from collections import Counter

import pytest

from tests.architecture.sources import ROOT
from tests.mutations.table import Mutation, mutations


@pytest.mark.parametrize("mutation", mutations(), ids=str)
def test_an_entry_fits_the_code(mutation: Mutation) -> None:
    source = (ROOT / mutation.file).read_text(encoding="utf-8")
    changed = mutation.applied_to(source)
    assert changed != source
    if mutation.file.endswith(".py"):
        ast.parse(changed)


@pytest.mark.parametrize("mutation", mutations(), ids=str)
def test_its_test_exists(mutation: Mutation) -> None:
    path, _, name = mutation.test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name.partition("[")[0] in defined


def test_no_fault_is_listed_twice() -> None:
    for counted in (Counter(map(str, mutations())), Counter((m.file, m.text, m.replacement) for m in mutations())):
        assert [entry for entry, times in counted.items() if times > 1] == []


def test_security_checks_are_named_each_by_itself() -> None:
    named = Counter(each.security for each in mutations() if each.security)
    assert [name for name, times in named.items() if times > 1] == []
    assert len(named) >= 100
