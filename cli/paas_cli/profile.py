# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH111, PTH118
"""Which gateway to talk to and with which token.

Order: PAAS_GATEWAY and PAAS_TOKEN, then the profile named by `--profile`, PAAS_PROFILE or the file's `default`.
The file is `~/.config/paas/config.toml`, or the one a `.paas.toml` names. PAAS_TOKEN is never written anywhere.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paas_cli import address, hints, private_file, toml_file
from paas_cli.address import Address
from paas_cli.errors import NOT_SIGNED_IN, Failure, Misuse
from paas_cli.project import Project

if TYPE_CHECKING:
    from paas_cli.sso.store import StoredSignIn

# RFC 6750, section 2.1: what a bearer token may consist of.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,8192}")


@dataclass(frozen=True)
class Profile:
    """A named gateway and, while signed in to it with one, a token. `ca_file` has authorities beside the system's."""

    gateway: str | None = None
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None


@dataclass(frozen=True)
class ProfileFile:
    """The file of profiles in effect. `from_project` is true where a `.paas.toml` named it."""

    path: str
    from_project: bool
    default: str | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where a sign-in is to go: a profile of a file, the gateway it is for, and authorities beside the system's."""

    file: ProfileFile
    name: str
    gateway: Address
    ca_file: str | None


@dataclass(frozen=True)
class SignIn:
    """What a call is made with. `source` is `PAAS_TOKEN` or the file's path; `sso` is there where people signed in."""

    address: Address
    token: str = field(repr=False)
    source: str
    ca_file: str | None = None
    sso: "StoredSignIn | None" = None


def read_file(environ: Mapping[str, str], project: Project | None) -> ProfileFile:
    """The profiles in effect; none where the file does not exist. Raises Failure where it can't be trusted."""
    named = project.profiles if project else None
    return _read(named or _own_path(environ), from_project=named is not None)


def read_again(file: ProfileFile) -> ProfileFile:
    """The same file as it is now. Raises Failure where it can't be trusted any more."""
    return _read(file.path, from_project=file.from_project)


def _read(path: str, *, from_project: bool) -> ProfileFile:
    content = private_file.read(path, exactly_0600=from_project)
    if content is None:
        return ProfileFile(path, from_project=from_project)
    table = toml_file.parse(content, path=path)
    entries = table.get("profiles", {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise Failure(f"`profiles` in {path} must be tables like [profiles.local]; correct it.")
    profiles = {
        name: Profile(
            gateway=toml_file.text(entry, "gateway", path=path),
            token=toml_file.text(entry, "token", path=path),
            ca_file=toml_file.text(entry, "ca_file", path=path),
        )
        for name, entry in entries.items()
    }
    default = toml_file.text(table, "default", path=path)
    return ProfileFile(path, from_project=from_project, default=default, profiles=profiles)


def _own_path(environ: Mapping[str, str]) -> str:
    return os.path.join(own_folder(environ), "config.toml")


def own_folder(environ: Mapping[str, str]) -> str:
    """The folder of this user's settings, which need not exist yet."""
    folder = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(folder, "paas")


def profile_name(flag: str | None, environ: Mapping[str, str], file: ProfileFile) -> str:
    """The name of the profile to use, which need not exist yet."""
    return flag or environ.get("PAAS_PROFILE") or file.default or "default"


def gateway_of(name: str, environ: Mapping[str, str], file: ProfileFile) -> Address | None:
    """The address in effect for a profile, None where nothing names one."""
    if override := environ.get("PAAS_GATEWAY"):
        return address.parse(override, source="PAAS_GATEWAY")
    profile = file.profiles.get(name)
    if profile is None or profile.gateway is None:
        return None
    return checked(address.parse(profile.gateway, source=f"profile {name} in {file.path}"), file)


def checked(gateway: Address, file: ProfileFile) -> Address:
    """Refuse an address elsewhere in a file that a `.paas.toml` named: a cloned repository could bring both."""
    if file.from_project and not gateway.is_loopback:
        raise Failure(
            f"{file.path} comes with this folder and may only name a gateway on this machine; use a profile of your "
            "own in another folder, or PAAS_GATEWAY."
        )
    return gateway


def place(flag: str | None, environ: Mapping[str, str], *, project: Project | None) -> Place:
    """Where calls go, with a sign-in or without. Raises Failure where no gateway is known."""
    file = read_file(environ, project)
    name = profile_name(flag, environ, file)
    if name not in file.profiles and (flag or environ.get("PAAS_PROFILE")):
        known = ", ".join(sorted(file.profiles)) or "none"
        raise Misuse(f"There is no profile {name} in {file.path} (profiles there: {known}).")
    gateway = gateway_of(name, environ, file)
    if gateway is None:
        raise Failure(
            f"No gateway is known: sign in with {hints.command('login --gateway https://...', profile=flag)}, or set "
            "PAAS_GATEWAY.",
            exit_code=NOT_SIGNED_IN,
        )
    return Place(file, name, gateway, (file.profiles.get(name) or Profile()).ca_file)


def sign_in(flag: str | None, environ: Mapping[str, str], *, project: Project | None) -> SignIn:
    """Everything a call needs. Raises Failure where a part is missing, saying which."""
    where = place(flag, environ, project=project)
    file, name, gateway = where.file, where.name, where.gateway
    profile = file.profiles.get(name) or Profile()
    if token := environ.get("PAAS_TOKEN", "").strip():
        return SignIn(gateway, check_token(token, source="PAAS_TOKEN"), source="PAAS_TOKEN", ca_file=profile.ca_file)
    if not profile.token:
        from paas_cli.sso import store

        path = store.path(own_folder(environ), name, gateway)
        if (sso := store.read(path)) is not None:
            return SignIn(gateway, sso.access_token, source=path, ca_file=profile.ca_file, sso=sso)
        raise Failure(
            f"You are not signed in: run {hints.command('login', profile=flag)}, or set PAAS_TOKEN to a personal "
            "access token.",
            exit_code=NOT_SIGNED_IN,
        )
    return SignIn(gateway, check_token(profile.token, source=file.path), source=file.path, ca_file=profile.ca_file)


def check_token(token: str, *, source: str) -> str:
    """`token` itself. Raises Failure where it could not stand in a header; never shows it."""
    if _TOKEN.fullmatch(token) is None:
        raise Failure(
            f"The token from {source} has characters no token has; copy it again, whole and alone.",
            exit_code=NOT_SIGNED_IN,
        )
    return token
