"""Progress on a terminal, of releases or of a count. The only module that imports rich, and only while one watches."""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from paas_cli import releases_shown
from paas_cli.output import Output

if TYPE_CHECKING:
    from paas.releaser.v1.releaser_pb2 import Release

_MARKS = {releases_shown.SUCCEEDED: "✓", releases_shown.FAILED: "✗", releases_shown.SUPERSEDED: "→"}


# What stands beside the bar: the spinner, a release and its state, how far it is, and the time, with spaces between.
_BESIDE = 60
_WIDEST = 24
_NARROWEST = 8


class Bar:
    """A bar that fills as instances become ready, one for each release followed; its end leaves one line.

    Of a narrow terminal what is beside the bar takes all, and there is none.
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
        self._progress.update(
            task,
            description=f"v{release.number} {releases_shown.state(release)}",
            total=total or None,
            completed=release.instances_ready,
            progress=releases_shown.progress(release),
        )
        if release.state in releases_shown.ENDED:
            self._progress.remove_task(self._tasks.pop(release.number))
            style = releases_shown.STYLES[releases_shown.state(release)]
            mark = self._out.styled(_MARKS[release.state], style)
            line = f"{mark} {releases_shown.status_line(release)}"
            if release.state == releases_shown.SUCCEEDED and total:
                line += self._out.styled(f" · {release.instances_ready}/{total} instances", "dim")
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
