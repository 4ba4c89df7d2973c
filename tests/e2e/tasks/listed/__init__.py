"""The thirty tasks, in the order of somebody who begins with an empty machine."""

from typing import Final

from tests.e2e.tasks.listed import access, beginning, releases, secrets, variables
from tests.e2e.tasks.task import Task

_LISTS: Final = (beginning.TASKS, variables.TASKS, secrets.TASKS, releases.TASKS, access.TASKS)

TASKS: Final[dict[str, Task]] = {task.key: task for tasks in _LISTS for task in tasks}
