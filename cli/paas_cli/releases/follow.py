"""Follow a release to its end, reconnecting where the stream breaks.

Stopping to watch never stops the release. Must not decide the exit code of a change by anything but the
release's last state.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Protocol

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.groups import members
from paas_cli.releases import shown as releases_shown
from paas_cli.releases import states
from paas_cli.session import Session
from paas_cli.terminal.streams import Unwritten
from paas_cli.terminal.text import visible
from paas_cli.typed.assignments import listed
from paas_transport import rpc_error
from paas_transport.rpc_error import RpcError, SignInRenewed

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release

# Pauses before each new try while the stream gives nothing, in seconds.
_PAUSES = (0.2, 0.5, 1.0, 2.0, 2.0)
# Seconds without news after which it is asked anew how the release stands.
_QUIET = 20.0
# What it takes to watch a release.
_WATCHING = "releases.read"


class Show(Protocol):
    """Something that shows progress."""

    def __call__(self, release: "Release") -> None:
        """Show the release as it is now."""


class Silence:
    """Nothing, where one JSON document comes at the end."""

    def __call__(self, release: "Release") -> None:
        """Show nothing."""


class Lines:
    """One line per state, as logs like it: how it ends on standard output, and how it gets there on standard error.

    So what is piped on is what a command came to, and not its way there.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last = ""
        self._members: dict[str, str] = {}

    def __call__(self, release: "Release") -> None:
        """Print the state unless it was the last one printed; before it, what became of the apps of a group's."""
        for member in filter(members.has_begun, release.members):
            line = members.line(member)
            if self._members.get(member.app) != line:
                self._members[member.app] = line
                self._print(f"v{release.number} {line}", is_end=False)
        line = releases_shown.status_line(release)
        if line != self._last:
            self._print(line, is_end=release.state in states.ENDED)
        self._last = line

    def _print(self, line: str, *, is_end: bool) -> None:
        stream = self._session.out if is_end else self._session.err
        with suppress(Unwritten):  # it has ended: nothing goes on of which could be said that it does
            stream.line(line)
            stream.flush()


def _shower(session: Session) -> AbstractContextManager[Show]:
    if session.as_json:
        return nullcontext(Silence())
    if session.out.is_terminal:
        from paas_cli.terminal.progress import Bar

        return Bar(session.out)
    return nullcontext(Lines(session))


@contextmanager
def goes_on(session: Session, number: int | None) -> Iterator[None]:
    """Have a Ctrl-C from the moment a release is known, or a reader that has gone, say that it goes on.

    Raises Failure, with the exit code of what stopped the watching.
    """
    try:
        yield
    except (KeyboardInterrupt, Unwritten) as stop:
        if number is None:
            raise
        raise Failure(
            f"Stopped watching; release v{number} goes on. {_ends(session, number)}",
            exit_code=errors.INTERRUPTED if isinstance(stop, KeyboardInterrupt) else errors.READER_GONE,
        ) from None


def _ends(session: Session, number: int) -> str:
    return f"{session.hint(f'releases:info v{number}')} shows how it ends."


def to_the_end(session: Session, app: str, number: int) -> "Release":
    """Watch release `number` and whatever supersedes it; the last one as it ended.

    Raises Interrupted on Ctrl-C, and Failure where it can't be watched.
    """
    with _shower(session) as show:
        while True:
            with goes_on(session, number):
                release = _one(session, app, number, show)
            newer = releases_shown.number(release, "superseded_by")
            if release.state != states.SUPERSEDED or newer is None:
                return release
            number = newer


def as_far_as_allowed(session: Session, number: int) -> "Release | None":
    """Watch a release that was caused here; None, with a note, where the caller may cause it and not watch.

    Nobody asked for the look, so whether the caller has it is asked first, which everybody may: a refusal is an event,
    and who is refused with every change is slowed. Raises as `to_the_end` does for anything else: what was asked for is
    done, and only the look at it is refused.
    """
    with goes_on(session, number):
        is_known_to_be_refused = session.permissions and not session.may(_WATCHING)
    if is_known_to_be_refused:
        session.note(
            f"The change is kept and release v{number} goes on, but it can't be watched: that needs {_WATCHING}, which "
            "this sign-in does not have. --no-wait does not try."
        )
        return None
    try:
        return to_the_end(session, session.app, number)
    except Failure as failure:
        if failure.exit_code != errors.NOT_ALLOWED:
            raise
        session.note(f"{failure.sentence} --no-wait does not try.")
        return None


def _one(session: Session, app: str, number: int, show: Show) -> "Release":
    tries = 0
    waited = False
    shown = ""
    while True:
        last, error = _until_it_breaks(session, app, number, show)
        if last is not None and last.state in states.ENDED:
            return last
        if isinstance(error, SignInRenewed):
            continue
        if error is not None and error.code not in (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED):
            raise _unwatched(session, error, number)
        if last is not None and (news := _news(last)) != shown:  # not the same again
            shown, tries = news, 0
        if last is not None and error is not None and error.code == rpc_error.DEADLINE_EXCEEDED:
            if waited and releases_shown.is_waiting(last):
                raise _left_waiting(last, session)
            waited = releases_shown.is_waiting(last)
            continue
        if tries == len(_PAUSES):
            raise Failure(
                f"The change is kept and release v{number} goes on, but the releaser service is unavailable; "
                f"{_ends(session, number)}",
                exit_code=errors.UNAVAILABLE,
            )
        session.surroundings.sleep(_PAUSES[tries])
        tries += 1


def _news(release: "Release") -> str:
    apps = "; ".join(map(members.line, release.members))
    return f"{releases_shown.status_line(release)} {releases_shown.progress(release)} {apps}"


def _until_it_breaks(session: Session, app: str, number: int, show: Show) -> "tuple[Release | None, RpcError | None]":
    """Show the release until the stream ends; the last state seen, and what broke the stream."""
    last: Release | None = None
    try:
        for release in _watch(session, app, number):
            last = release
            show(release)
    except RpcError as error:
        return last, error
    return last, None


def _watch(session: Session, app: str, number: int) -> "Iterator[Release]":
    from paas.releaser.v1 import releaser_pb2

    request = releaser_pb2.WatchReleaseRequest(app=app, number=number)
    path = "/paas.releaser.v1.ReleaserService/WatchRelease"
    for answer in session.stream(path, request, releaser_pb2.WatchReleaseResponse, idle=_QUIET):
        yield answer.release


def _left_waiting(release: "Release", session: Session) -> Failure:
    return Failure(
        f"The change is kept, but its release v{release.number} stands still ({visible(release.message).rstrip('.')}) "
        f"and goes on once that is back; {_ends(session, release.number)}",
        exit_code=errors.UNAVAILABLE,
    )


def _unwatched(session: Session, error: RpcError, number: int) -> Failure:
    cause = session.failure(error, effect=None)
    return Failure(
        f"The change is kept and release v{number} goes on, but it can't be watched: {cause.sentence}",
        exit_code=cause.exit_code,
        details=cause.details,
    )


def check_outcome(release: "Release", session: Session) -> None:
    """Raise Failure unless the release succeeded: exit code 6 where its change was taken back."""
    if release.state == states.SUCCEEDED:
        return
    if not session.as_json:
        for line in releases_shown.output_lines(release):
            session.out.line(line)
    because = f" ({visible(release.message).rstrip('.')})" if release.message else ""
    back = releases_shown.numbered(release, "reverted_to")
    if back:
        names = listed(list(release.reverted_names))
        what = f"{names} {'is' if len(release.reverted_names) == 1 else 'are'}" if names else "what it changed is"
        by = releases_shown.numbered(release, "revert_release")
        raise Failure(
            f"Release v{release.number} failed{because} and was reverted: {what} as in {back} again"
            f"{f' (release {by})' if by else ''}; correct the change and make it once more.",
            exit_code=errors.REVERTED,
        )
    raise Failure(
        f"Release v{release.number} failed{because} and was not reverted; correct what is wrong with another change, "
        f"or {session.hint('releases:create')} tries again, with what is staged as well."
    )
