"""As whom PostgreSQL runs: as the user who starts the stack, or, since it refuses root, as somebody else.

It opens no folder to others beyond letting them pass through the state folder, and changes no mode outside it.
"""

import os
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from local import unprivileged
from local.failures import LocalFailure


class Kind(StrEnum):
    """How a program is made not to be root."""

    SELF = "self"
    NOBODY = "nobody"
    NAMESPACE = "namespace"


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL and owns its files."""

    kind: Kind
    uid: int
    gid: int

    def command(self, program: list[str], *, parent_death: int = signal.SIGINT) -> list[str]:
        """How `program` is started as this account; it gets `parent_death` when its starter dies."""
        if self.kind is Kind.SELF:
            return program
        # -I and -S: nothing from the environment or from site-packages is needed, and it starts in 10 ms.
        return [sys.executable, "-I", "-S", unprivileged.__file__, self.kind.value, str(parent_death), *program]

    def give(self, folder: Path) -> None:
        """Makes the account the owner of `folder` and everything in it, where it isn't yet."""
        if self.kind is Kind.SELF or folder.stat().st_uid == self.uid:
            return
        for parent, _, files in os.walk(folder):
            for path in (parent, *(os.path.join(parent, name) for name in files)):  # noqa: PTH118 - as walk gives them
                os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose_account(binaries: Path, state: Path) -> Account:
    """The account for this user, these programs and this state folder.

    Root becomes `nobody` where everybody may enter every folder on the way, which is the smallest privilege;
    elsewhere (a clone in /root, a private temporary folder) it runs in a user namespace.
    Raises LocalFailure where neither works.
    """
    if os.geteuid() != 0:
        return Account(Kind.SELF, os.geteuid(), os.getegid())
    if _enterable(binaries) and _enterable(state.parent):
        return Account(Kind.NOBODY, unprivileged.NOBODY, unprivileged.NOBODY)
    if _namespaces_work():
        return Account(Kind.NAMESPACE, 0, 0)
    closed = _closed_folder(binaries) or _closed_folder(state.parent)
    raise LocalFailure(
        f"PostgreSQL can't run as root, this system allows no user namespaces, and {closed} can't be entered by "
        "other users: use a clone elsewhere, or another user than root."
    )


def open_way(account: Account, state: Path) -> None:
    """Lets the account, and the users of apps, pass through the state folder; they still can't list it."""
    state.chmod(0o711 if account.kind is Kind.NOBODY else 0o700)


def _enterable(folder: Path) -> bool:
    return _closed_folder(folder) is None


def _closed_folder(folder: Path) -> Path | None:
    """The first folder on the way to `folder` that other users can't enter."""
    for place in (folder, *folder.parents):
        if not place.stat().st_mode & stat.S_IXOTH:
            return place
    return None


def _namespaces_work() -> bool:
    trial = Account(Kind.NAMESPACE, 0, 0).command(["/bin/true"])
    return subprocess.run(trial, stderr=subprocess.DEVNULL, check=False).returncode == 0
