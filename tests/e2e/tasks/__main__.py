"""`python -m tests.e2e.tasks`: docs/cli-tasks.md, of the tasks that are typed."""

from tests.e2e.tasks.document import write

if __name__ == "__main__":
    write()
