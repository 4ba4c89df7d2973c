"""Signing a person in to this machine's stack, as its operator, and telling the CLI in this folder about it."""

import asyncio
import getpass
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import grpc
from google.protobuf.duration_pb2 import Duration
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from local.certificates import dns_san
from local.failures import LocalFailure
from local.operator_channel import open_channel
from local.ports import HOST, port_of
from local.private_files import write_private
from local.stack import Stack

TENANT = "local"
ROLE = "admin"
LIFETIME = timedelta(days=90)
PROFILE = "local"


@dataclass(frozen=True)
class Person:
    """Who is signed in, to which tenant, as what: `viewer`, `developer` or `admin`."""

    tenant: str = TENANT
    user: str = field(default_factory=getpass.getuser)
    role: str = ROLE


def issue(stack: Stack, person: Person, *, lifetime: timedelta = LIFETIME) -> str:
    """A token for the person; it is shown nowhere. Raises LocalFailure where tokens refuses or can't be reached."""
    address = f"{HOST}:{port_of('tokens', base_port=stack.base_port)}"
    return asyncio.run(issue_at(address, stack.layout.tls, person, lifetime=lifetime))


def sign_in(stack: Stack, person: Person, *, app: str | None = None) -> Path:
    """Signs the person in and writes the CLI's profile; the profile's path.

    `paas` finds it through a `.paas.toml` beside the state folder, which also chooses `app` where one is given.
    """
    token = issue(stack, person)
    profile = stack.layout.sign_in
    lines = [
        "# The sign-in to the stack on this machine, written when it was started. It holds a token.",
        f'default = "{PROFILE}"',
        "",
        f"[profiles.{PROFILE}]",
        f'gateway = "{stack.gateway_url}"',
        f'token = "{token}"',
    ]
    write_private(profile, ("\n".join(lines) + "\n").encode())
    write_project(stack, app=app)
    return profile


def sign_in_everywhere(stack: Stack) -> None:
    """Has `paas` keep that sign-in in the person's own settings as well, as the profile `local`.

    Raises LocalFailure where it can't.
    """
    profiles = tomllib.loads(stack.layout.sign_in.read_text())["profiles"]
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("paas")),
            *("login", "--gateway", stack.gateway_url, "--token", "--profile", PROFILE),
        ],
        cwd=os.sep,  # where no .paas.toml leads to the profile of a folder
        env={name: value for name, value in os.environ.items() if not name.startswith("PAAS_")},
        input=profiles[PROFILE]["token"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalFailure(f"You are signed in in this folder alone; elsewhere: {done.stderr.strip()}")


def write_project(stack: Stack, *, app: str | None) -> None:
    """Has the `.paas.toml` beside the state folder lead the CLI to the profile; its other lines stay as they are."""
    project = stack.layout.root.parent / ".paas.toml"
    wanted = f"profiles = {_quoted(os.path.relpath(stack.layout.sign_in, project.parent))}"
    before = project.read_text().splitlines() if project.exists() else []
    if wanted in before:
        return
    lines = [wanted, *(line for line in before if line.partition("=")[0].strip() != "profiles")]
    if app is not None and not before:
        lines.append(f"app = {_quoted(app)}")
    project.write_text("\n".join(lines) + "\n")


def cli_environment(stack: Stack, token: str, *, home: Path) -> dict[str, str]:
    """The environment in which a test runs `paas` against this stack, with a home folder of its own."""
    return {"PATH": os.defpath, "HOME": str(home), "PAAS_GATEWAY": stack.gateway_url, "PAAS_TOKEN": token}


async def issue_at(address: str, tls: Path, person: Person, *, lifetime: timedelta) -> str:
    """A token for the person, from the tokens at `address`, host:port, asked as the operator whose files `tls` has.

    Raises LocalFailure where tokens refuses or can't be reached, or a file is missing.
    """
    ttl = Duration()
    ttl.FromTimedelta(lifetime)
    request = tokens_pb2.IssueSignInRequest(tenant=person.tenant, user=person.user, role=person.role, ttl=ttl)
    try:
        async with open_channel(address, service=dns_san("tokens"), tls=tls, identity="operator") as channel:
            answer = await tokens_pb2_grpc.TokensInternalServiceStub(channel).IssueSignIn(request, timeout=10)
    except grpc.aio.AioRpcError as error:
        raise LocalFailure(f"tokens did not sign {person.user} in: {error.details()}") from error
    except OSError as error:
        raise LocalFailure(f"{error.filename} can't be read: the operator's certificate is needed.") from error
    return answer.secret


def _quoted(text: str) -> str:
    """A TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
