# Strings for paths: pathlib costs more to import than everything of its own that a command imports. Named tuples, since
# making a frozen dataclass takes five times as long as making one.
# ruff: noqa: PTH111, PTH118
"""Which gateway to talk to and with which token.

Order: PAAS_GATEWAY and PAAS_TOKEN, then the profile that `paas_cli.choice` finds named, then the file's `default`.
The file is `~/.config/paas/config.toml`, or the one a `.paas.toml` names. PAAS_TOKEN is never written anywhere.
Where the environment has both, no file is read: a job has none, and a broken one must not stop what needs none.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from paas_cli.choice import Choice
from paas_cli.errors import NOT_SIGNED_IN, Failure, Misuse
from paas_cli.files import private_file, toml_file
from paas_cli.signin import gateway_address
from paas_cli.terminal.text import visible
from paas_transport.address import Address
from paas_transport.bearer import is_bearer

if TYPE_CHECKING:
    from paas_cli.project import Project
    from paas_cli.signin.sso.store import StoredSignIn

# How the token of the environment is called wherever it is spoken of.
FROM_ENVIRON = "the token in PAAS_TOKEN"


_UNNAMED = "default"


class Profile(NamedTuple):
    """A named gateway and, while signed in to it with one, a token. `ca_file` has authorities beside the system's.

    `subject` is who signed in, and `ends_at` when the token ends, as the gateway told at that time; None where it is
    not known.
    """

    gateway: str | None = None
    token: str | None = None
    ca_file: str | None = None
    subject: str | None = None
    ends_at: str | None = None

    def __repr__(self) -> str:
        """Without the token."""
        return f"Profile(gateway={self.gateway!r}, subject={self.subject!r})"


class ProfileFile(NamedTuple):
    """The file of profiles in effect. `from_project` is true where a `.paas.toml` named it."""

    path: str
    from_project: bool
    default: str | None = None
    profiles: Mapping[str, Profile] = MappingProxyType({})


class Place(NamedTuple):
    """Where a sign-in is to go: a profile of a file, the gateway it is for, and authorities beside the system's.

    `chosen` says which profile and why, None where the environment has all and there is none. `named_by` says in words
    where the gateway's address is from.
    """

    file: ProfileFile
    chosen: Choice | None
    gateway: Address
    ca_file: str | None
    named_by: str = ""

    @property
    def name(self) -> str:
        """The profile's name, or what it would be."""
        return self.chosen.name if self.chosen is not None else _UNNAMED


class SignIn(NamedTuple):
    """What a call is made with. `source` is `PAAS_TOKEN` or the file's path; `sso` is there where people signed in.

    `whose` says in words which token that is, for sentences about it.
    """

    address: Address
    token: str
    source: str
    whose: str
    ca_file: str | None = None
    sso: "StoredSignIn | None" = None

    def __repr__(self) -> str:
        """Without the token."""
        return f"SignIn(address={self.address!r}, source={self.source!r})"


def read_file(environ: Mapping[str, str], project: "Project | None") -> ProfileFile:
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
            subject=toml_file.text(entry, "subject", path=path),
            ends_at=toml_file.text(entry, "ends_at", path=path),
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


def chosen(named: Choice | None, file: ProfileFile) -> Choice:
    """The profile to use, which need not exist yet: the one that is named, else the file's default."""
    if named is not None:
        return named
    return Choice(file.default, f"`default` in {file.path}") if file.default else Choice(_UNNAMED, "no other named")


def gateway_of(name: str, environ: Mapping[str, str], file: ProfileFile) -> Address | None:
    """The address in effect for a profile, None where nothing names one."""
    if override := environ.get("PAAS_GATEWAY"):
        return gateway_address.parse(override, source="PAAS_GATEWAY")
    profile = file.profiles.get(name)
    if profile is None or profile.gateway is None:
        return None
    return checked(gateway_address.parse(profile.gateway, source=f"profile {name} in {file.path}"), file)


def checked(gateway: Address, file: ProfileFile) -> Address:
    """Refuse an address elsewhere in a file that a `.paas.toml` named: a cloned repository could bring both."""
    if file.from_project and not gateway.is_loopback:
        raise Failure(
            f"{file.path} comes with this folder and may only name a gateway on this machine; use a profile of your "
            "own in another folder, or PAAS_GATEWAY."
        )
    return gateway


def is_all_in(environ: Mapping[str, str]) -> bool:
    """Whether the environment has both the gateway and the token."""
    return bool(environ.get("PAAS_GATEWAY") and environ.get("PAAS_TOKEN", "").strip())


def place_of(environ: Mapping[str, str]) -> Place:
    """Where calls go that need no profile. Raises Failure where the address is none."""
    gateway = gateway_address.parse(environ["PAAS_GATEWAY"], source="PAAS_GATEWAY")
    unread = ProfileFile(_own_path(environ), from_project=False)
    return Place(unread, None, gateway, ca_file=None, named_by="PAAS_GATEWAY")


def place(named: Choice | None, environ: Mapping[str, str], *, project: "Project | None", login: str) -> Place:
    """Where calls go, with a sign-in or without. `login` is the hint how to name a gateway.

    Raises Failure where no gateway is known.
    """
    file = read_file(environ, project)
    found = chosen(named, file)
    if named is not None and found.name not in file.profiles:
        raise _absent(found, file)
    gateway = gateway_of(found.name, environ, file)
    if gateway is None:
        raise Failure(
            f"No gateway is known: sign in with {login}, or set PAAS_GATEWAY.",
            exit_code=NOT_SIGNED_IN,
        )
    is_overridden = bool(environ.get("PAAS_GATEWAY"))
    named_by = "PAAS_GATEWAY" if is_overridden else f"profile {visible(found.name)} in {file.path}"
    return Place(file, found, gateway, ca_file_of(file, found.name, gateway), named_by=named_by)


def ca_file_of(file: ProfileFile, name: str, gateway: Address) -> str | None:
    """The authority that a profile trusts, None for those of the system.

    A file that came with a folder has no say about a gateway elsewhere: with an authority of its own whoever is on the
    way could be that gateway.
    """
    if file.from_project and not gateway.is_loopback:
        return None
    return file.profiles.get(name, Profile()).ca_file


def present(name: str, file: ProfileFile) -> Profile:
    """The profile of that name. Raises Misuse where there is none, with those there are."""
    if name not in file.profiles:
        raise _absent(Choice(name, ""), file)
    return file.profiles[name]


def _absent(named: Choice, file: ProfileFile) -> Misuse:
    known = ", ".join(map(visible, sorted(file.profiles))) or "none"
    by = "" if named.source in ("", "--profile") else f", which {named.source} names,"
    return Misuse(f"There is no profile {visible(named.name)}{by} in {file.path} (profiles there: {known}).")


def sign_in(place: Place, environ: Mapping[str, str], *, login: str) -> SignIn:
    """Everything a call needs. `login` is the hint how to sign in. Raises Failure where a part is missing."""
    gateway, file, ca_file = place.gateway, place.file, place.ca_file
    if token := environ.get("PAAS_TOKEN", "").strip():
        checked_token = check_token(token, source="PAAS_TOKEN")
        return SignIn(gateway, checked_token, source="PAAS_TOKEN", whose=FROM_ENVIRON, ca_file=ca_file)
    profile = file.profiles.get(place.name, Profile())
    if profile.token:
        which = f"profile {visible(place.name)} in {file.path}"
        whose = f"the token of {which}" + (", which this folder's .paas.toml names," if file.from_project else "")
        token = check_token(profile.token, source=which)
        return SignIn(gateway, token, source=file.path, whose=whose, ca_file=ca_file)
    from paas_cli.signin.sso import store

    path = store.path(own_folder(environ), place.name, gateway)
    if (sso := store.read(path)) is not None:
        whose = f"the sign-in of profile {visible(place.name)}"
        return SignIn(gateway, sso.access_token, source=path, whose=whose, ca_file=ca_file, sso=sso)
    raise Failure(
        f"You are not signed in to {gateway} (profile {visible(place.name)}): run {login}, or set PAAS_TOKEN to a "
        "personal access token.",
        exit_code=NOT_SIGNED_IN,
    )


def check_token(token: str, *, source: str) -> str:
    """`token` itself. Raises Failure where it could not stand in a header; never shows it."""
    if not is_bearer(token):
        raise Failure(
            f"The token from {source} has characters no token has; copy it again, whole and alone.",
            exit_code=NOT_SIGNED_IN,
        )
    return token
