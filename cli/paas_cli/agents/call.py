"""One call of a tool: a session as a command has it, whose words are kept instead of printed."""

import io
import json
from collections.abc import Callable
from typing import Any, TypeVar

from paas_cli import errors
from paas_cli.agents.host import Host
from paas_cli.errors import Failure
from paas_cli.session import Session

AnswerT = TypeVar("AnswerT")


class Call:
    """What one call has at hand. `app` is the one it names; without it the app is chosen as for any command."""

    def __init__(self, host: Host, app: str | None) -> None:
        self.host = host
        self._out, self._err = io.StringIO(), io.StringIO()
        self.session = self.about(app)

    def about(self, app: str | None) -> Session:
        """A session of this call about an app."""
        surroundings = self.host.surroundings._replace(
            stdin=io.StringIO(), stdout=self._out, stderr=self._err, done=lambda: None
        )
        flags = self.host.flags if app is None else self.host.flags._replace(app=app)
        session = Session(surroundings, flags, as_json=True)
        session.project = self.host.project
        return session

    def document(self, command: Callable[[Session], None]) -> Any:
        """What a command prints as JSON. Raises Failure."""
        self._out.seek(0)
        self._out.truncate()
        command(self.session)
        return json.loads(self._out.getvalue())

    @property
    def notes(self) -> list[str]:
        """What was remarked on the way: notes and warnings, a line each."""
        return self._err.getvalue().splitlines()


class Denials:
    """What a caller may not see of something that has several parts, each of which may be asked for by itself."""

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self._first: Failure | None = None

    def ask(self, kind: str, part: Callable[[], AnswerT]) -> AnswerT | None:
        """A part; None where the caller may not see it. Raises Failure for anything else."""
        try:
            return part()
        except Failure as failure:
            if failure.exit_code != errors.NOT_ALLOWED:
                raise
            self.kinds.append(kind)
            self._first = self._first or failure
            return None

    def raise_if_all(self, count: int) -> None:
        """Raise the first denial where none of `count` parts may be seen."""
        if len(self.kinds) == count and self._first is not None:
            raise self._first
