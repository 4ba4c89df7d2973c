"""`python -m services.audit.retention`: make the months to come, and drop those whose time is over.

Run it every day, as the owner of audit's database, which the service is not. It can be run again at any time.
"""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog

from paaskit.clock import utc_now
from paaskit.db import Database
from paaskit.errors import Unavailable
from paaskit.logs import configure_logs
from paaskit.settings import SettingsError, load_settings, setting
from services.audit.retention.job import NotYet, Retention
from services.audit.retention.owner_store import DatabaseFailure, OtherEvents, owner_of
from services.audit.retention.rule import Rule, parsed_rule
from services.audit.store import Store

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What retention needs."""

    database_url: str = setting("audit's database, as a URL with its owner role and without a password.")
    database_password_file: Path = setting("A file with the password of the owner role.")
    log_folder: str = setting("The folder that tenants' logs are published in.")
    audit_retention: str = setting(
        "How long events are kept, in days: 400d, at least 30d. Without it they are kept for ever.", default=""
    )
    log_level: str = setting("The least level that is logged: debug, info, warning or error.", default="info")


def main() -> int:
    """Do it once; the exit code. What goes wrong is a line on standard error that names no value."""
    try:
        settings = load_settings(Settings, os.environ)
        rule = parsed_rule(settings.audit_retention)
        configure_logs(service="audit", level=settings.log_level)
        asyncio.run(run(settings, rule, password=settings.database_password_file.read_text().strip()))
    except (SettingsError, NotYet) as error:
        return _fail(str(error))
    except OtherEvents:
        return _fail("A month changed while it was looked at; nothing of it was dropped, and it can be run again.")
    except OSError as error:
        return _fail(f"The folder of logs, or a file of settings, can't be used: {error.strerror}")
    except (Unavailable, DatabaseFailure) as error:  # a text may quote data or the URL
        return _fail(f"The database could not do it ({type(error).__name__}); it can be run again.")
    return 0


async def run(settings: Settings, rule: Rule | None, *, password: str) -> None:
    """Make months, and drop by a rule where there is one."""
    database = Database(
        settings.database_url,
        password_file=settings.database_password_file,
        service="audit",
        writers=1,
        readers=1,
        purpose="retention",
    )
    await database.open()
    try:
        async with owner_of(settings.database_url, password) as owner:
            retention = Retention(owner, Store(database), folder=Path(settings.log_folder), clock=utc_now)
            await retention.make_months()
            if rule is not None:
                await retention.drop(rule)
    finally:
        await database.close()


def _fail(sentence: str) -> int:
    print(f"audit: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
