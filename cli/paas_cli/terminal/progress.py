"""Progress on a terminal, of releases or of a count. The only module that imports rich, and only while one watches."""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from paas_cli.groups import members
from paas_cli.releases import shown as releases_shown
from paas_cli.releases import states
from paas_cli.terminal.output import Output

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import GroupMember, Release

_MARKS = {states.SUCCEEDED: "✓", states.FAILED: "✗", states.SUPERSEDED: "→"}


# What stands beside the bar: the spinner, a release and its state, how far it is, and the time, with spaces between.
_BESIDE = 60
_WIDEST = 24
_NARROWEST = 8
# So many apps of a group's release are shown at once while they run: a terminal has so many lines and more.
_MOST_MEMBERS = 8


class Bar:
    """A bar that fills as instances become ready, one for each release followed; its end leaves one line.

    Below that of a group's release are those of its apps that run, and each leaves a line too. Of a narrow terminal
    what is beside the bar takes all, and there is none.
    """

    def __init__(self, out: Output) -> None:
        self._out = out
        console = Console(file=out.stream, no_color=not out.has_colour, highlight=False)
        width = min(_WIDEST, console.width - _BESIDE)
        bar = [BarColumn(bar_width=width)] if width >= _NARROWEST else []
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *bar,
            TextColumn("{task.fields[progress]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._tasks: dict[int, TaskID] = {}
        self._members: dict[str, TaskID | None] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, release: "Release") -> None:
        """Show the release as it is now."""
        task = self._tasks.get(release.number)
        if task is None:
            task = self._tasks[release.number] = self._progress.add_task("", total=None, progress="")
        total = release.instances_total
        ended = sum(map(members.has_ended, release.members))
        self._progress.update(
            task,
            description=f"v{release.number} {releases_shown.state(release)}",
            total=len(release.members) or total or None,
            completed=ended if release.members else release.instances_ready,
            progress=releases_shown.progress(release),
        )
        for member in filter(members.has_begun, release.members):
            self._show_member(member)
        if release.state in states.ENDED:
            self._progress.remove_task(self._tasks.pop(release.number))
            style = releases_shown.STYLES[releases_shown.state(release)]
            mark = self._out.styled(_MARKS[release.state], style)
            line = f"{mark} {releases_shown.status_line(release)}"
            if release.state == states.SUCCEEDED and release.members:
                apps = members.counted(len(release.members) + release.hidden_members)
                line += self._out.styled(f" · {apps}", "dim")
            elif release.state == states.SUCCEEDED and total:
                line += self._out.styled(f" · {release.instances_ready}/{total} instances", "dim")
            self._leave(line)

    def _show_member(self, member: "GroupMember") -> None:
        """A line that moves while it runs, and one that stays once it has ended."""
        words = f"  {members.line(member)}"
        if members.has_ended(member):
            task = self._members.get(member.app)
            if member.app in self._members and task is None:
                return
            if task is not None:
                self._progress.remove_task(task)
            self._members[member.app] = None
            state = members.state(member)
            self._leave(f"  {self._out.styled(_MARKS[member.state], releases_shown.STYLES[state])}{words[1:]}")
            return
        task = self._members.get(member.app)
        if task is None and sum(each is not None for each in self._members.values()) < _MOST_MEMBERS:
            task = self._members[member.app] = self._progress.add_task(words, total=None, progress="")
        if task is not None:
            self._progress.update(task, description=words)

    def _leave(self, line: str) -> None:
        """Write a line that stays, above all that moves."""
        self._progress.stop()
        self._out.line(line)
        self._progress.start()


class Counted(Protocol):
    """Something of which so much is done."""

    @property
    def total(self) -> int:
        """How much there is to do."""

    @property
    def done(self) -> int:
        """How much is done."""


CountedT = TypeVar("CountedT", bound=Counted)


class Count(Generic[CountedT]):
    """A bar that fills as a count goes up. Its end leaves the line that `line` makes of it."""

    def __init__(
        self, out: Output, what: str, *, line: Callable[[CountedT], str], is_over: Callable[[CountedT], bool]
    ) -> None:
        self._out = out
        self._line = line
        self._is_over = is_over
        console = Console(file=out.stream, no_color=not out.has_colour, highlight=False)
        width = min(_WIDEST, console.width - _BESIDE)
        bar = [BarColumn(bar_width=width)] if width >= _NARROWEST else []
        count = TextColumn("{task.completed}/{task.total}", markup=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *bar,
            count,
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(what, total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, counted: CountedT) -> None:
        """Show the count as it is now."""
        self._progress.update(self._task, total=counted.total, completed=counted.done)
        if self._is_over(counted):
            self._progress.stop()
            self._out.line(f"{self._out.styled('✓', 'green')} {self._line(counted)}")
