"""What ends a command early: one sentence for people, one exit code for scripts.

Must not import anything heavy: every command loads it. A sentence never holds a secret value.
"""

from collections.abc import Mapping

DONE = 0
FAILED = 1
USAGE = 2
NOT_SIGNED_IN = 3
NOT_ALLOWED = 4
UNAVAILABLE = 5
REVERTED = 6
INTERRUPTED = 130
# As a shell counts a program that SIGPIPE ended: the reader had enough, as in `paas audit | head`.
READER_GONE = 141


class Failure(Exception):
    """A command that could not do what it was asked.

    `sentence` says what happened and what to do next; `details` is shown with `--debug` only.
    """

    def __init__(self, sentence: str, *, exit_code: int = FAILED, details: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code
        self.details = dict(details or {})
        self.show_details = False


class Misuse(Failure):
    """A command line that can't be understood (exit code 2)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, exit_code=USAGE)


class Interrupted(Failure):
    """Ctrl-C at a moment about which more can be said than that it came (exit code 130)."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, exit_code=INTERRUPTED)
