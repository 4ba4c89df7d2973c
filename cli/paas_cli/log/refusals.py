"""Why a log is not believed, in the words of who has to do something about it."""

from paas_cli.errors import Failure
from paas_cli.log.kept import Kept
from paas_cli.log.told import Served
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from transparency.failures import DoesNotExtend, Misfit, NotVerified
from transparency.notes.keys import VerifierKey


class LogRefused(Failure):
    """The log is not what it should be, or nobody can tell that it is."""


def unverified(error: NotVerified) -> LogRefused:
    """What is served can't be verified."""
    return LogRefused(f"The audit log can't be believed: {error}.")


def misfit(error: Misfit) -> LogRefused:
    """A file of the log is not what its checkpoint stands for. Names the event it is about."""
    if error.index is None:
        what = "The audit log does not fit its checkpoint"
    elif "/entries/" in error.path:
        what = f"Event {error.index + 1} of the audit log does not fit"
    else:
        what = f"The hashes of the audit log from event {error.index + 1} on do not fit"
    where = "" if error.path in str(error) else f" ({error.path})"
    return LogRefused(f"{what}: {error}{where}. What came before it was verified as far as it was asked for.")


def another_history(
    error: DoesNotExtend, remembered: Kept, evidence: tuple[str, str], path: str, *, is_older: bool
) -> LogRefused:
    """The log does not go on from what is remembered; `is_older` where what is served may be its beginning."""
    before, after = evidence
    seen = times.of_seconds(remembered.seen_at)
    two = "" if is_older else " Its key has signed two histories."
    return LogRefused(
        f"The audit log does not go on from the checkpoint that was seen {seen}: {error}.{two} Both checkpoints are "
        f"kept, to be shown to others: {before} and {after}. If you were told why, as after a backup was restored, "
        f"remove {path} to trust the log anew."
    )


def key_changed(log: Served, before: Kept | None, *, checkpoint: str) -> LogRefused:
    """A checkpoint is not signed by a key that is trusted."""
    told = ", ".join(visible(key.text) for key in log.keys) or "none"
    known = "the one you name" if before is None else f"the one remembered since {times.of_seconds(before.seen_at)}"
    return LogRefused(
        f"The audit log is signed by another key than {known}, so somebody else may answer in its place, and it is not "
        f"believed. If its operator told you of the change, by another way than this one, compare and run "
        f"{checkpoint}. What it says its key is now: {told}"
    )


def of_another_log(key: VerifierKey, origin: str) -> LogRefused:
    """A key that was named is no key of this log."""
    return LogRefused(f"The key is one of the log {visible(key.name)}, and yours is {visible(origin)}.")
