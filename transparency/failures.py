"""What is raised where something can't be believed. Texts say what is wrong and quote nothing that was read."""


class NotVerified(Exception):
    """What was read is not to be believed. Its text is one sentence for a person."""


class Malformed(NotVerified):
    """What was read is not of its format."""


class DoesNotExtend(NotVerified):
    """A log's checkpoint does not go on from one that was seen before: it was rolled back, or there are two."""


class Misfit(NotVerified):
    """Part of a log is not what its checkpoint stands for.

    `path` is what was fetched, and `index` the first entry it is about, None where it is about the log as a whole.
    """

    def __init__(self, reason: str, *, path: str, index: int | None = None) -> None:
        super().__init__(reason)
        self.path = path
        self.index = index


class NotServed(Exception):
    """What a `fetch` raises for a path that is not there; anything else it raises goes through to its caller."""
