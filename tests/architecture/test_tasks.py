"""The tasks of the dashboard as a whole: each is driven once, by a hand alone, and the document is made of them.

Leaves out whether the others' figures are right, which people read their documentation for.
"""

import ast
from collections import Counter
from pathlib import Path
from typing import Final

from tests.browser.tasks.document import DOCUMENT, rendered
from tests.browser.tasks.listed import TASKS

MODULES: Final = sorted((Path(__file__).resolve().parents[1] / "browser" / "tasks").glob("test_*.py"))


def test_there_are_twenty_and_each_is_driven_once() -> None:
    driven = Counter(
        call.args[2].value
        for path in MODULES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "driven"
        if isinstance(call.args[2], ast.Constant)
    )
    assert driven == Counter(TASKS.keys())
    assert len(TASKS) == 20


def test_nothing_is_done_past_the_hand() -> None:
    """No test of a task reaches a page, of which everything could be done uncounted."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), f"{path.name} reaches {node.attr}"
                assert node.attr not in {"page", "evaluate", "goto", "done"}, f"{path.name} reaches {node.attr}"


def test_the_document_is_made_of_them() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == rendered(), "python -m tests.browser tasks"


def test_a_task_takes_no_more_than_what_is_known_of_the_best() -> None:
    more = [task.key for task in TASKS.values() if task.best is not None and task.ours > task.best.actions]
    # Why a value is looked at is asked, and what ends with a token is shown before, for good (docs/dashboard-tasks.md).
    assert more == ["reveal", "revoke"]
