"""What is kept of each profile, without asking a gateway: for lists of them. Loaded by the commands that show one."""

from collections.abc import Mapping
from dataclasses import dataclass

from paas_cli.errors import Failure
from paas_cli.signin import gateway_address, profile
from paas_cli.signin.profile import Profile, ProfileFile
from paas_cli.signin.sso import store
from paas_cli.terminal import times


@dataclass(frozen=True)
class Stored:
    """A profile as it is kept. `kind` is how one signed in: `device`, `web`, `token`, or `none` where one did not.

    `ends_at` is when the token or the session ends (a session later where it is used before), `subject` who signed in;
    None where that is not known. `trouble` says why it can't be used.
    """

    name: str
    gateway: str | None
    subject: str | None
    kind: str
    ends_at: str | None
    trouble: str | None = None


def all_of(file: ProfileFile, environ: Mapping[str, str]) -> list[Stored]:
    """Every profile of the file, in its order."""
    return [_one(name, entry, file, environ) for name, entry in file.profiles.items()]


def _one(name: str, entry: Profile, file: ProfileFile, environ: Mapping[str, str]) -> Stored:
    if entry.token:
        return Stored(name, entry.gateway, entry.subject, "token", entry.ends_at)
    nobody = Stored(name, entry.gateway, None, "none", None)
    if entry.gateway is None:
        return nobody
    try:
        gateway = gateway_address.parse(entry.gateway, source=f"profile {name} in {file.path}")
        sso = store.read(store.path(profile.own_folder(environ), name, gateway))
    except Failure as failure:
        return Stored(name, entry.gateway, None, "none", None, failure.sentence)
    if sso is None:
        return nobody
    ends_at = times.of_seconds(sso.idle_until) if sso.idle_until is not None else None
    return Stored(name, entry.gateway, entry.subject, sso.kind, ends_at)
