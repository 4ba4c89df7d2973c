"""Put each fault into a copy of the tree and see whether its test fails.

`python -m tests.mutations [--security] [WORD]...`
"""

import sys
from collections.abc import Sequence
from typing import Final

from tests.mutations.copied_tree import CopiedTree, copied_tree
from tests.mutations.table import Mutation, mutations

SECURITY: Final = "--security"
_FAILED = 1
_SHOWN_LINES = 30


def main(words: Sequence[str]) -> int:
    """The exit code: 0 where every fault was noticed, 1 where one was not, 2 where nothing can be said."""
    wanted = [word for word in words if word != SECURITY]
    chosen = [
        each
        for each in mutations()
        if (each.security or SECURITY not in words)
        and all(word in f"{each} {each.test} {each.security}" for word in wanted)
    ]
    if not chosen:
        _say("No mutation has these words.")
        return 2
    with copied_tree() as tree:
        # The control: a test that fails anyway notices nothing.
        without = tree.run(sorted({each.test for each in chosen}))
        if without.exit_code != 0:
            _say(_end_of(without.output))
            _say("The tests do not pass without any fault: see above.")
            return 2
        unnoticed = [each for each in chosen if not _is_noticed(tree, each)]
    _say(f"{len(chosen) - len(unnoticed)} of {len(chosen)} faults were noticed.")
    return 1 if unnoticed else 0


def _is_noticed(tree: CopiedTree, mutation: Mutation) -> bool:
    run = tree.run_with(mutation)
    if run.exit_code not in (0, _FAILED):
        _say(_end_of(run.output))
    outcome = {0: "NOT NOTICED", _FAILED: "noticed"}.get(run.exit_code, f"NOT JUDGED (pytest: {run.exit_code})")
    _say(f"{outcome}  {mutation}")
    return run.exit_code == _FAILED


def _end_of(output: str) -> str:
    return "\n".join(output.splitlines()[-_SHOWN_LINES:])


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
