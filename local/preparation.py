"""Everything that must lie in the state folder before the first process starts. Repeating it changes nothing."""

import os
from datetime import datetime
from pathlib import Path

from local import databases, postgres
from local.account import choose_account, open_way
from local.failures import LocalFailure
from local.layout import Layout
from local.leftovers import remember_socket_folder
from local.ports import DASHBOARD, DATABASES, GATEWAY, SERVICES
from local.postgres import Postgres
from local.private_files import keep_private, private_folder

# Certificates that no service has: a person at this machine, and what plays the add-ons.
PEOPLE = ("operator", "provisioner")
LARGEST_LOG = 16 * 1024 * 1024
_OPENED_BY_OTHERS = ("gateway-access", "supervisor")


def prepare(layout: Layout, *, now: datetime) -> Postgres:
    """Makes folders, certificates, keys, passwords and PostgreSQL's cluster where they are missing.

    Raises LocalFailure in one sentence naming the file or folder that can't be read or written.
    """
    try:
        return _prepare(layout, now=now)
    except OSError as error:
        where = error.filename or layout.root
        reason = (error.strerror or "unknown reason").lower()
        raise LocalFailure(
            f"{where} can't be used: {reason}. It must belong to the user who starts the stack."
        ) from error


def _prepare(layout: Layout, *, now: datetime) -> Postgres:
    from local.certificates import ensure_certificates

    private_folder(layout.root)
    account = choose_account(postgres.binaries(), layout.root)
    open_way(account, layout.root)
    for folder in layout.folders():
        private_folder(folder)
    ensure_certificates(layout.tls, (*SERVICES, GATEWAY, DASHBOARD, *PEOPLE), now=now)
    ensure_keys(layout)
    databases.ensure_passwords(layout.passwords, DATABASES)
    for log in layout.logs.glob("*.log"):
        _keep_short(log)
    for name in _OPENED_BY_OTHERS:
        _make_private(layout.log(name))
    account.give(layout.pg)
    socket_folder = postgres.choose_socket_folder(layout.pg, account)
    remember_socket_folder(layout, socket_folder)
    cluster = Postgres(
        folder=layout.pg,
        socket_folder=socket_folder,
        account=account,
        password_file=layout.passwords / postgres.SUPERUSER,
    )
    postgres.initialise(cluster)
    _check_readable(layout)
    return cluster


def ensure_keys(layout: Layout) -> None:
    """Make the keys that are missing. Those that are there stay: what was sealed with them is lost without them."""
    from local.secrets_made import kms_key, page_key, signing_key

    keep_private(layout.kms_key, kms_key)
    keep_private(layout.signing_key, signing_key)
    keep_private(layout.log_key, signing_key)
    for service in SERVICES:
        keep_private(layout.page_key(service), page_key)


def _keep_short(log: Path) -> None:
    """Puts a log that grew large aside, in place of the one before."""
    if log.stat().st_size > LARGEST_LOG:
        log.rename(log.with_suffix(".log.1"))


def _make_private(log: Path) -> None:
    """Makes a log that a program of others opens, as these would not: for its owner only."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)


def _check_readable(layout: Layout) -> None:
    """Raises OSError for the first credential that can't be read: better now than from inside a service."""
    for folder in (layout.tls, layout.keys, layout.passwords):
        for path in sorted(folder.iterdir()):
            os.close(os.open(path, os.O_RDONLY))
