"""docs/cli-tasks.md, made of the tasks: every figure is counted from what is typed."""

from collections.abc import Iterator
from typing import Final

from local.layout import CLONE
from tests.e2e.tasks.listed import TASKS
from tests.e2e.tasks.task import PRODUCTS, READ_ON, Answer, NotPossible, Task, Way

DOCUMENT: Final = CLONE / "docs" / "cli-tasks.md"

_HEAD: Final = f"""# What thirty tasks take on the command line

<!-- Made by `python -m tests.e2e.tasks` of tests/e2e/tasks/listed. -->

From an empty machine to “who read this secret in the last month”. A **step** is a line given to a shell. A
**keystroke** is a key pressed: each character of a line, Enter, and what is answered to questions, where pasting is
one. Completion helps nobody, what is done in a browser or an editor is not counted, and everybody stands in the folder
of a project whose app is chosen. Names and values are the same for all.

**Ours are typed**: a test gives each line to a shell on a terminal, answers what is asked, and looks whether it had
its effect. **Theirs are read**, on {READ_ON}, in the pages named below each, and counted by the same program. A line
that joins commands of theirs with the shell's means counts as one step. A note says where theirs does less, or
something else. No: no command does it, by the list of all their commands or by a sentence of theirs. A question mark:
nothing that we read settles it; that is no claim that they take more.

Steps / keystrokes:
"""


def rendered() -> str:
    """The document."""
    return "\n".join(_lines())


def write() -> None:
    """Put it in place of what is there."""
    DOCUMENT.write_text(rendered(), encoding="utf-8")


def _lines() -> Iterator[str]:
    yield _HEAD
    yield f"| | task | paas | {' | '.join(PRODUCTS)} |"
    yield "| ---: | --- | ---: |" + " ---: |" * len(PRODUCTS)
    for number, task in enumerate(TASKS.values(), 1):
        cells = " | ".join(_figures(task.of(product)) for product in PRODUCTS)
        yield f"| {number} | {task.words} | **{_figures(task.ours)}** | {cells} |"
    worse = [task for task in TASKS.values() if task.worse]
    yield ""
    yield from [f"More steps than the best: {task.words}: {task.worse}" for task in worse] or [
        "Of no task do we take more steps than the best of those that are known."
    ]
    for number, task in enumerate(TASKS.values(), 1):
        yield from _task(number, task)
    yield ""


def _task(number: int, task: Task) -> Iterator[str]:
    yield from ("", f"## {number}. {task.words}", "", f"- **paas**{_after(task.ours.note)}: {_typed(task.ours)}")
    for product in PRODUCTS:
        yield f"- {product}{_told(task.of(product))}"


def _told(answer: Answer) -> str:
    match answer:
        case Way():
            return f"{_after(answer.note)}: {_typed(answer)} ([read]({answer.source}))"
        case NotPossible():
            return f": no, {answer.why} ([read]({answer.source}))"
        case _:
            return f": unknown{f'; {answer.why}' if answer.why else ''}"


def _typed(way: Way) -> str:
    return ", ".join(f"`{line.text}`{''.join(f' and {answer}' for _, answer in line.answers)}" for line in way.lines)


def _after(note: str) -> str:
    return f" ({note})" if note else ""


def _figures(answer: Answer) -> str:
    match answer:
        case Way():
            return f"{answer.steps} / {answer.keystrokes}"
        case NotPossible():
            return "no"
        case _:
            return "?"
