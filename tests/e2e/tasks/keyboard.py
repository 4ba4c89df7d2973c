"""Somebody's keyboard: it types the lines of a task into a shell on a terminal, and answers as the task says.

It is all that a task is done with, so that nothing is done uncounted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.installation import PAAS
from tests.e2e.tasks.listed import TASKS
from tests.e2e.tasks.task import PASTE, Line
from tests.unit.cli.terminal import Terminal, plain


@dataclass
class Keyboard:
    """A keyboard in a folder, whose HOME has what signing in there left.

    A `bare` one has nothing else in its environment; else what this machine installs with is there. `pasted` is what
    pasting puts in. `here` says what stands for something of the documentation: the gateway's address. `is_late` is
    called where releaser was too late to say the number of a release, of which nobody waited for the end then.
    """

    folder: Path
    home: Path
    pasted: str = field(repr=False)
    here: dict[str, str] = field(default_factory=dict)
    bare: bool = True
    is_late: Callable[[], object] = lambda: None

    def does(self, key: str, *, exit_code: int = 0, then: str = "") -> str:
        """Type all lines of a task; what was on the screen. The last one ends with `exit_code`, all before with 0.

        `then` is what the shell is given after each, to look what became of it.
        """
        lines = TASKS[key].ours.lines
        screens = [self._type(line, then, 0 if at < len(lines) else exit_code) for at, line in enumerate(lines, 1)]
        return "".join(screens)

    def _type(self, line: Line, then: str, exit_code: int) -> str:
        text = line.text
        for documented, actual in self.here.items():
            text = text.replace(documented, actual)
        environment = {"HOME": str(self.home), "PATH": f"{Path(PAAS).parent}:/usr/bin:/bin", "TERM": "xterm-256color"}
        only = [f"{name}={value}" for name, value in environment.items()]
        shell = ("/usr/bin/env", *(["-i"] if self.bare else []), *only, "bash", "--norc", "-c")
        looked = f"{text}\nended=$?\n{then}\nexit $ended" if then else text
        terminal = Terminal(looked, program=shell, folder=self.folder)
        for question, answer in line.answers:
            terminal.until(question)
            terminal.type(f"{self.pasted if answer == PASTE else answer}\r")
        ended = terminal.end()
        screen = plain(terminal.screen).replace("\r\n", "\n")
        assert ended == exit_code, f"{line.text} ended with {ended}: {screen}"
        if " release pending: " in screen:
            self.is_late()
        return screen
