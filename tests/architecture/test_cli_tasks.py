"""The tasks of the command line as a whole: each is typed once, by a keyboard alone, and the document is made of them.

Leaves out whether what is said of others is right, which people read their documentation for.
"""

import ast
from collections import Counter
from pathlib import Path
from typing import Final

from tests.e2e.tasks.document import DOCUMENT, rendered
from tests.e2e.tasks.listed import TASKS
from tests.e2e.tasks.task import PRODUCTS, NotPossible, Way

MODULE: Final = Path(__file__).resolve().parents[1] / "e2e" / "tasks" / "test_tasks.py"


def test_there_are_thirty_and_each_is_typed_once() -> None:
    typed = Counter(
        call.args[0].value
        for call in ast.walk(ast.parse(MODULE.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "does"
        if isinstance(call.args[0], ast.Constant)
    )
    assert typed == Counter(TASKS.keys())
    assert len(TASKS) == 30


def test_the_document_is_made_of_them() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == rendered(), "python -m tests.e2e.tasks"


def test_where_ours_takes_more_steps_the_document_says_why() -> None:
    more = [task.key for task in TASKS.values() if task.best is not None and task.ours.steps > task.best]
    assert more == [task.key for task in TASKS.values() if task.worse]


def test_what_is_said_of_others_has_its_page() -> None:
    for task in TASKS.values():
        assert task.theirs.keys() <= set(PRODUCTS)
        for answer in task.theirs.values():
            if isinstance(answer, (Way, NotPossible)):
                assert answer.source.startswith("https://"), task.key
