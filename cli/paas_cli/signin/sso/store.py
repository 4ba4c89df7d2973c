# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH118
"""What is kept of a sign-in with OpenID Connect: a file of its own for each profile and gateway, mode 0600.

The gateway is part of the file's name, so that an access token goes to no other gateway than the one it was given for,
whatever a profile says. The refresh token is in the system's keyring where there is one, else in the file.
"""

import os
from dataclasses import dataclass, field

from paas_cli.errors import Failure
from paas_cli.files import private_file, toml_file
from paas_cli.files.file_name import escaped
from paas_cli.files.toml_file import quoted
from paas_transport.address import Address


@dataclass(frozen=True)
class StoredSignIn:
    """A sign-in as it is kept. Moments are seconds since 1970 by this machine's clock.

    `renew_at` is shortly before `expires_at`, the end of the access token. `idle_until` is when the session ends
    unless it is renewed before, None where the issuer doesn't say. `end_endpoint` is where the session is ended.
    Where `in_keyring`, the refresh token isn't in the file. `kind` is `device` or `web`.
    """

    issuer: str
    client_id: str
    kind: str
    token_endpoint: str
    end_endpoint: str | None
    access_token: str = field(repr=False)
    expires_at: int
    renew_at: int
    idle_until: int | None
    in_keyring: bool
    refresh_token: str | None = field(default=None, repr=False)


def path(folder: str, profile: str, gateway: Address) -> str:
    """The file of the sign-in to `gateway` under the name of a profile, in this user's own settings `folder`."""
    where = f"{gateway.scheme}-{escaped(gateway.host)}-{gateway.port}"
    return os.path.join(folder, "sign-ins", f"{escaped(profile)}@{where}.toml")


def read(file: str) -> StoredSignIn | None:
    """The sign-in in a file, None where there is none. Raises Failure where it can't be trusted or read."""
    content = private_file.read(file, exactly_0600=True)
    if content is None:
        return None
    table = toml_file.parse(content, path=file)

    def text(key: str) -> str:
        value = table.get(key)
        if not isinstance(value, str):
            raise _damaged(file)
        return value

    def moment(key: str) -> int:
        value = table.get(key)
        if not isinstance(value, int):
            raise _damaged(file)
        return value

    return StoredSignIn(
        issuer=text("issuer"),
        client_id=text("client_id"),
        kind=text("kind"),
        token_endpoint=text("token_endpoint"),
        end_endpoint=text("end_endpoint") if "end_endpoint" in table else None,
        access_token=text("access_token"),
        expires_at=moment("expires_at"),
        renew_at=moment("renew_at"),
        idle_until=moment("idle_until") if "idle_until" in table else None,
        in_keyring=table.get("in_keyring") is True,
        refresh_token=text("refresh_token") if "refresh_token" in table else None,
    )


def write(file: str, sign_in: StoredSignIn) -> None:
    """Replace the file, mode 0600. Raises Failure where that can't be done."""
    lines = ["# Written by `paas login`. It holds a sign-in: keep it to yourself."]
    for name, value in vars(sign_in).items():
        if isinstance(value, bool):
            lines.append(f"{name} = {str(value).lower()}")
        elif isinstance(value, int):
            lines.append(f"{name} = {value}")
        elif value is not None and not (name == "refresh_token" and sign_in.in_keyring):
            lines.append(f"{name} = {quoted(value)}")
    private_file.write(file, "\n".join([*lines, ""]).encode())


def _damaged(file: str) -> Failure:
    return Failure(f"{file} is not as `paas login` wrote it; sign in again, which writes it anew.")
