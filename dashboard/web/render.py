"""Making HTML of what pages have read. Everything is escaped; no template may say otherwise (tests/architecture)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from dashboard.calls.apps import when
from dashboard.web.alike import all_of
from dashboard.web.shared_files import shared_files
from dashboard.web.times import ago, exact, until

_HERE: Final = Path(__file__).resolve().parent.parent
MASK: Final = "•" * 16
"""What a secret is shown as, whatever its length."""


def static_names() -> Mapping[str, str]:
    """The files that pages share, each with the name it is served under, which changes with its content."""
    return {name: file.served_as for name, file in shared_files().items()}


class Templates:
    """The templates. `prefix` is where the pages are below the host, with a slash at its end."""

    def __init__(self, prefix: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            prefix=prefix,
            static={name: f"{prefix}static/{served}" for name, served in static_names().items()},
            mask=MASK,
            all_of=all_of,
        )
        self._environment.filters.update(ago=ago, until=until, exact=exact, moment=when)

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Return a page. `context` is what the template shows."""
        now = datetime.now(UTC)
        return HTMLResponse(self._environment.get_template(template).render(**context, now=now), status_code=status)
