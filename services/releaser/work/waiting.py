"""What a release waits for, as exceptions: whoever raises one has left everything so that it can be gone on with."""

from collections.abc import Iterator
from contextlib import contextmanager

from paaskit.errors import Internal, Unavailable
from services.releaser.domain import AppKey


class Waiting(Exception):
    """Something can't be reached now; the same step is tried again `seconds` later or later still, for as long as it
    takes. `what` is who is waited for, as in a sentence.
    """

    def __init__(self, what: str, *, seconds: float = 0.0) -> None:
        super().__init__(what)
        self.what = what
        self.seconds = seconds


class Following(Exception):
    """A shared group's release waits for releases of `apps`, with nothing of its own under way."""

    def __init__(self, apps: frozenset[AppKey]) -> None:
        super().__init__(len(apps))
        self.apps = apps


@contextmanager
def waiting_for(service: str) -> Iterator[None]:
    """Turn a neighbour's absence, and its faults, into Waiting."""
    try:
        yield
    except (Unavailable, Internal) as error:
        raise Waiting(f"the {service} service") from error
