"""docs/dashboard-tasks.md, made of the tasks. Which of our figures are true, the tests that drive them show."""

from typing import Final

from local.layout import CLONE
from tests.browser.tasks.listed import TASKS
from tests.browser.tasks.task import READ_ON, Other, Task

DOCUMENT: Final = CLONE / "docs" / "dashboard-tasks.md"

_HEAD: Final = f"""# What twenty tasks take on the dashboard

<!-- Made by `python -m tests.browser tasks` of tests/browser/tasks/listed.py. -->

An action is one click, one key or chord, one paste, one field filled in (going there included), or one choice in a
list. Looking, waiting and scrolling are none. Everybody starts signed in, on the page that is named, and ends with what
they wanted: a release that was made, a value in the clipboard, a token that works.

**Ours are driven**: `make test-browser` does each task in Chromium with a hand that counts, looks whether it had its
effect, and fails where the count is not the one below.

**Theirs are counted from their documentation, not driven**, on {READ_ON}: of Vercel, Railway, GitHub, Stripe, Doppler,
Infisical and Heroku the one whose documentation has the fewest actions, with the sentence that the count rests on. “At
least” is where the documentation leaves a step out. Where none that we read settles it, it is unknown; that is no claim
that they take more.

Two tasks take us more than what a sentence of theirs has. A token is revoked in two actions, since what ends with it
is shown before, and it can't be taken back. A secret's value is looked at in three, since it is asked why, for whoever
reads the audit log later; copying it without looking takes one.
"""


def rendered() -> str:
    """The document. Each sentence that a count rests on has a number."""
    lines = [_HEAD, "| task | on | ours | | best of the others | |", "| --- | --- | --- | --- | --- | --- |"]
    cited: list[Other] = []
    for task in TASKS.values():
        if task.best is not None:
            cited.append(task.best)
        lines.append(_row(task, len(cited)))
    lines += ["", "## What the counts rest on", ""]
    lines += [f"{number}. {each.product}: “{each.sentence}.” {each.source}" for number, each in enumerate(cited, 1)]
    return "\n".join([*lines, ""])


def write() -> None:
    """Put it in place of what is there."""
    DOCUMENT.write_text(rendered(), encoding="utf-8")


def _row(task: Task, number: int) -> str:
    if task.best is None:
        theirs, how = "unknown", task.note
    else:
        count = f"at least {task.best.actions}" if task.best.at_least else str(task.best.actions)
        theirs, how = f"{task.best.product}: {count}", f"{task.best.how} ({number})"
    return f"| {task.words} | {task.at} | {task.ours} | {task.how} | {theirs} | {how} |"
